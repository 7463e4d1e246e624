"""An interrupted `check_result` reports whether bytes were kept, and the next one continues with them if that is safe."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mhsync.api.digest import StreamDigest
from mhsync.errors import Interrupted
from mhsync.sandbox import faults as f
from mhsync.sandbox.fault_context import FaultContext
from mhsync.sandbox.rules import Rule
from mhsync.sandbox.wire import Ending, HttpResponse
from tests.api.client_fixture import ApiFixture

HALF = 20_000
_STALLS = Rule(f.Stall(bytes=HALF), nth=1, host="files")


@pytest.fixture
def halt(api: ApiFixture, client, tmp_path: Path) -> Callable[..., str]:
    """`halt()`: download the first half, then stop; returns the message."""

    def interrupted(*rules: Rule) -> str:
        stop = threading.Event()
        api.faults(*(rules or (_STALLS,)))
        halted = client(api.sandbox.api_url, stop=stop.is_set)
        observer = threading.Thread(target=lambda: (_await_half(tmp_path), stop.set()))
        observer.start()
        began = time.monotonic()
        with pytest.raises(Interrupted) as caught:
            halted.check_result("one", download_directory=tmp_path)
        observer.join()
        assert time.monotonic() - began < 8
        api.faults()
        api.sandbox.requests.clear()
        return caught.value.message

    return interrupted


def _await_half(folder: Path) -> None:
    """Wait until the host has stalled and no further bytes arrive."""
    until, before = time.monotonic() + 5, 0
    while time.monotonic() < until:
        now = sum(path.stat().st_size for path in folder.glob(".mhsync-*.part") if path.exists())
        if now and now == before:
            return
        before = now
        time.sleep(0.3)


def again(api: ApiFixture, folder: Path) -> list[str | None]:
    """Download the rest; returns the requested ranges."""
    (path,) = api.client.check_result("one", download_directory=folder).downloaded_paths
    assert Path(path).read_bytes() == api.audio
    assert [file.name for file in folder.iterdir()] == ["output.wav"]
    return [entry.range for entry in api.sandbox.requests.of("files")]


def test_an_interrupted_download_continues_where_it_stopped(api: ApiFixture, halt, tmp_path: Path):
    message = halt()
    kept = sum(path.stat().st_size for path in tmp_path.glob(".mhsync-kept-one-1.part"))
    assert 0 < kept <= HALF
    assert message.endswith(f"output.wav; {kept:,} bytes were kept for the next run")
    assert again(api, tmp_path) == [f"bytes={kept}-"]


def test_the_kept_checksum_is_exact_where_a_second_thread_computes_it(
    api: ApiFixture, halt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(StreamDigest.__init__, "__kwdefaults__", {"inline": 0})
    halt()
    (kept,) = tmp_path.glob(".mhsync-kept-one-1.part")
    note = json.loads((tmp_path / ".mhsync-kept-one-1.json").read_text())
    assert note["sha256"] == hashlib.sha256(kept.read_bytes()).hexdigest()
    assert again(api, tmp_path) == [f"bytes={note['size']}-"]
    assert [thread for thread in threading.enumerate() if thread.name == "mhsync-sha256"] == []


def test_the_note_does_not_contain_the_query_of_the_link(halt, tmp_path: Path):
    halt()
    note = (tmp_path / ".mhsync-kept-one-1.json").read_text()
    assert "?" not in note
    assert "sig" not in note


def test_a_file_that_changed_between_runs_is_downloaded_again(api: ApiFixture, halt, tmp_path: Path):
    halt()
    api.sandbox.account.rewrite("one", "output.wav")
    ranges = again(api, tmp_path)
    assert len(ranges) == 1  # the first response contained the whole file


def test_a_file_without_a_validator_in_the_later_run_is_downloaded_again(api: ApiFixture, halt, tmp_path: Path):
    """The host sends the requested range without a validator."""
    halt()
    api.faults(Rule(f.SetHeaders(drop=("ETag", "Last-Modified")), nth=1, host="files"))
    ranges = again(api, tmp_path)
    assert len(ranges) == 2
    assert ranges[1] is None


def test_a_changed_file_is_detected_where_the_host_ignores_if_range(api: ApiFixture, halt, tmp_path: Path):
    halt()
    changed = f.SetHeaders(set={"ETag": '"another"'})
    api.faults(Rule(changed, nth=1, host="files"))
    assert again(api, tmp_path)[1] is None


class Nameless:
    """Half of the file without a validator, then a stall."""

    def apply(self, occasion: FaultContext) -> HttpResponse:
        nameless = f.SetHeaders(drop=("ETag", "Last-Modified")).apply(occasion)
        return replace(nameless, limit=HALF, stall=3600.0, ending=Ending.CLOSE)


def test_without_a_validator_nothing_is_kept(api: ApiFixture, halt, tmp_path: Path):
    message = halt(Rule(Nameless(), nth=1, host="files"))
    assert message.endswith("bytes were discarded")
    assert list(tmp_path.iterdir()) == []
    assert again(api, tmp_path) == [None]


def test_kept_bytes_that_changed_on_disk_are_downloaded_again(api: ApiFixture, halt, tmp_path: Path):
    halt()
    (part,) = tmp_path.glob(".mhsync-kept-*.part")
    with part.open("r+b") as file:
        file.seek(100)
        file.write(b"another edit")
    assert again(api, tmp_path) == [None]


def test_the_bytes_of_a_second_interruption_are_kept_too(api: ApiFixture, halt, tmp_path: Path):
    halt()
    (part,) = tmp_path.glob(".mhsync-kept-*.part")
    first = part.stat().st_size
    halt(Rule(f.Stall(bytes=5000), nth=1, host="files"))
    (part,) = tmp_path.glob(".mhsync-kept-*.part")
    second = part.stat().st_size
    assert first < second <= first + 5000
    assert again(api, tmp_path) == [f"bytes={second}-"]


def test_kept_bytes_of_another_source_are_not_used(api: ApiFixture, halt, tmp_path: Path):
    halt()
    note = tmp_path / ".mhsync-kept-one-1.json"
    note.write_text(note.read_text().replace("/output.wav", "/other.wav"))
    assert again(api, tmp_path) == [None]


def test_files_of_killed_runs_and_old_kept_bytes_are_removed(api: ApiFixture, halt, tmp_path: Path):
    halt()
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    (tmp_path / ".mhsync-0123456789abcdef.part").write_bytes(b"left by a process that was killed")
    assert again(api, tmp_path) == [None]
