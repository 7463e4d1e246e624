"""The inbox as a WSGI application: what is accepted, what is refused with which status, and what is stored."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mhsync.core.sighting import Sighting
from mhsync.errors import StorageError, UsageError
from mhsync.inbox.application import Inbox
from mhsync.settings import InboxSettings
from mhsync.storage.local import LocalStorage
from mhsync.storage.sightings import Sightings
from mhsync.testing.content import paths

from .sender import SECRET, Sender, event

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
AT = NOW.timestamp()
MIB = 1024 * 1024


class Failing(LocalStorage):
    is_failing = False

    def write(self, path: str):
        if self.is_failing:
            raise StorageError("no space left at s3://bucket/secret-name")
        return super().write(path)


class Fixture:
    def __init__(self, folder: Path, **arguments: object) -> None:
        self.storages = [Failing(folder / "one"), Failing(folder / "two")]
        self.called: list[str] = []
        self.inbox = Inbox(
            self.storages, [SECRET, "old"], now=lambda: NOW, on_sighting=self.called.append, **arguments
        )

    def call(self, body: bytes, headers: dict[str, str] | None = None, **environ: object) -> tuple[int, bytes]:
        headers = Sender(0).headers(body, AT) if headers is None else headers
        values: dict[str, object] = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/webhook", "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": headers.get("Content-Length", ""),
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
            **environ,
        }  # fmt: skip
        started: list[str] = []
        answer = b"".join(self.inbox(values, lambda status, headers, exc=None: started.append(status)))
        return int(started[0].split()[0]), answer

    @property
    def stored(self) -> list[list[str]]:
        return [paths(storage) for storage in self.storages]


@pytest.fixture
def fixture(tmp_path: Path) -> Fixture:
    return Fixture(tmp_path)


STORED = [[".mhsync/inbox/clx1.json"]] * 2
NOTHING = [[], []]


def test_a_signed_delivery_is_recorded_in_every_storage(fixture):
    body = event("audio.completed", "clx1", status="complete", type="VOICE_GENERATOR")
    assert fixture.call(body) == (200, b'{"message": "OK"}')
    assert fixture.stored == STORED
    assert fixture.called == ["clx1"]
    for storage in fixture.storages:
        assert Sightings(storage, limit=1000).read("clx1") == Sighting(
            "clx1", NOW, NOW, "audio.completed", NOW, "Intro", "VOICE_GENERATOR", "complete"
        )


def test_a_replayed_delivery_changes_nothing(fixture):
    body = event("audio.completed", "clx1", status="complete")
    headers = Sender(0).headers(body, AT - 200)
    assert fixture.call(body, headers)[0] == 200
    before = [(storage.folder / STORED[0][0]).read_bytes() for storage in fixture.storages]
    assert fixture.call(body, headers)[0] == 200
    assert [(storage.folder / STORED[0][0]).read_bytes() for storage in fixture.storages] == before


def test_the_former_secret_is_accepted_during_a_rotation(fixture):
    body = event("audio.started", "clx1")
    assert fixture.call(body, Sender(0, "old").headers(body, AT))[0] == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"magic-hour-event-signature": "0" * 64}, 401),
        ({"magic-hour-event-signature": ""}, 401),
        ({"magic-hour-event-timestamp": ""}, 401),
        ({"magic-hour-event-timestamp": str(int(AT) + 1)}, 401),
        ({"Content-Length": ""}, 411),
        ({"Content-Length": "abc"}, 400),
        ({"Content-Length": "-1"}, 400),
        ({"Content-Length": "+5"}, 400),
        ({"Content-Length": "9" * 5000}, 413),
        ({"Content-Length": str(MIB + 1)}, 413),
        ({"Content-Length": str(MIB)}, 400),
    ],
)
def test_wrong_headers_are_refused_and_nothing_is_stored(fixture, change, status):
    body = event("audio.started", "clx1")
    answered, text = fixture.call(body, Sender(0).headers(body, AT) | change)
    assert answered == status
    assert set(json.loads(text)) == {"message"}
    assert (fixture.stored, fixture.called) == (NOTHING, [])


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_old_or_future_delivery_is_refused(fixture, seconds):
    body = event("audio.started", "clx1")
    assert fixture.call(body, Sender(0).headers(body, AT + seconds))[0] == 401
    assert fixture.stored == NOTHING


def test_a_delivery_of_another_secret_or_another_body_is_refused(fixture):
    body = event("audio.started", "clx1")
    assert fixture.call(body, Sender(0, "forged").headers(body, AT))[0] == 401
    assert fixture.call(body.replace(b"clx1", b"clx2"), Sender(0).headers(body, AT))[0] == 401
    assert fixture.stored == NOTHING


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "POST", 404), ("/webhook/", "POST", 404), ("/webhook/../webhook", "POST", 404), ("/WEBHOOK", "POST", 404),
        ("", "POST", 404), ("/webhook", "GET", 405), ("/webhook", "DELETE", 405), ("/other", "GET", 404),
    ],
)  # fmt: skip
def test_other_paths_and_methods_are_refused(fixture, path, method, status):
    body = event("audio.started", "clx1")
    assert fixture.call(body, PATH_INFO=path, REQUEST_METHOD=method)[0] == status
    assert fixture.stored == NOTHING


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"\xff\xfe", b'{"type": "audio.started", "payload": {"id": "../../up"}}']
)
def test_a_signed_body_that_names_no_project_is_refused(fixture, body):
    assert fixture.call(body)[0] == 400
    assert fixture.stored == NOTHING


def test_an_event_of_a_video_is_accepted_and_not_stored(fixture):
    assert fixture.call(event("video.completed", "clx1"))[0] == 200
    assert (fixture.stored, fixture.called) == (NOTHING, [])


class TestBody:
    def test_one_mebibyte_is_accepted(self, fixture):
        body = event("audio.started", "clx1", filler="")
        body = event("audio.started", "clx1", filler="x" * (MIB - len(body)))
        assert len(body) == MIB
        assert fixture.call(body)[0] == 200

    def test_without_a_length_the_input_is_read_up_to_the_limit(self, fixture):
        body = event("audio.started", "clx1")
        headers = Sender(0).headers(body, AT) | {"Content-Length": ""}
        assert fixture.call(body, headers, **{"wsgi.input_terminated": True})[0] == 200
        endless = io.BytesIO(b"x" * (10 * MIB))
        assert fixture.call(body, headers, **{"wsgi.input_terminated": True, "wsgi.input": endless})[0] == 413
        assert endless.tell() <= MIB + 1

    def test_a_slow_sender_is_refused(self, tmp_path):
        ticks = iter(range(0, 1000, 4))
        fixture = Fixture(tmp_path, clock=lambda: next(ticks), settings=InboxSettings(request_timeout=10))

        class Slow(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                return super().read(1)

        body = event("audio.started", "clx1")
        assert fixture.call(body, **{"wsgi.input": Slow(body)})[0] == 408
        assert fixture.stored == NOTHING

    def test_a_connection_that_breaks_is_refused(self, fixture):
        class Broken(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                raise ConnectionResetError("reset by peer")

        assert fixture.call(event("audio.started", "clx1"), **{"wsgi.input": Broken()})[0] == 400


def test_a_storage_that_fails_is_answered_with_503_and_no_detail(fixture):
    fixture.storages[1].is_failing = True
    body = event("audio.started", "clx1")
    assert fixture.call(body) == (503, b'{"message": "Service Unavailable"}')
    assert fixture.called == []
    fixture.storages[1].is_failing = False
    assert fixture.call(body)[0] == 200
    assert fixture.stored == STORED


@pytest.mark.parametrize("secrets", [[], [""], ["a", ""]])
def test_without_a_secret_there_is_no_inbox(tmp_path, secrets):
    with pytest.raises(UsageError, match="secret") as caught:
        Inbox([LocalStorage(tmp_path)], secrets)
    assert caught.value.hint


def test_without_a_storage_there_is_no_inbox():
    with pytest.raises(UsageError, match="storage"):
        Inbox([], ["secret"])


def test_any_wsgi_server_can_run_it(tmp_path):
    """wsgiref's validator checks the rules of PEP 3333."""
    import threading
    from wsgiref.simple_server import WSGIRequestHandler, make_server
    from wsgiref.validate import validator

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

    inbox = Inbox([LocalStorage(tmp_path)], [SECRET])
    with make_server("127.0.0.1", 0, validator(inbox), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            sender = Sender(server.server_port)
            assert sender.send(event("audio.started", "clx1")) == 200
            assert Sender(server.server_port, "forged").send(event("audio.started", "clx2")) == 401
        finally:
            server.shutdown()
            thread.join()
    assert paths(LocalStorage(tmp_path)) == [".mhsync/inbox/clx1.json"]
