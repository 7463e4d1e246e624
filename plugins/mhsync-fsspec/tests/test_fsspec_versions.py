"""Version tokens: given only if a later change of the file changes them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dav_scripted import FOLDER, ScriptedServer, response
from mhsync_fsspec import versions
from mhsync_fsspec.factory import make
from mhsync_fsspec.storage import FsspecStorage
from mhsync_fsspec.versions import SETTLED, version_token

from mhsync import FileInfo
from mhsync.testing.content import put

DATE = "Tue, 24 Nov 2026 12:00:00 GMT"
OLD = "Tue, 24 Nov 2026 11:59:00 GMT"
YOUNG = "Tue, 24 Nov 2026 11:59:01 GMT"


@pytest.mark.parametrize(
    ("changed", "now", "token"),
    [
        (1000.0, 1000.0 + SETTLED, "5-x"),
        (1000.0, 999.9 + SETTLED, None),
        (1000.0, 1000.0, None),
        (1000.0, 900.0, None),
        (None, 2000.0, None),
        (1000.0, None, None),
    ],
)
def test_a_token_is_given_when_the_last_change_is_old_enough(
    changed: float | None, now: float | None, token: str | None
) -> None:
    assert version_token(changed, now, 5, "x") == token


def both(storage: FsspecStorage) -> FileInfo:
    """The file `a.wav`, as `list` and `stat` report it."""
    (listed,) = storage.list()
    assert storage.stat("a.wav") == listed
    return listed


class TestFolder:
    """`fsspec+file://`"""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[FsspecStorage]:
        storage = make(f"fsspec+file://{tmp_path}/audio", {}, {})
        yield storage
        storage.close()

    def test_a_new_file_has_no_version(self, storage: FsspecStorage, tmp_path: Path) -> None:
        """Also if a program sets an old time on it: the inode was changed now."""
        put(storage, "a.wav", b"one")
        assert both(storage).version is None
        os.utime(tmp_path / "audio/a.wav", (1000, 1000))
        assert both(storage).version is None

    def test_the_version_changes_with_the_file(
        self, storage: FsspecStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(versions, "SETTLED", 0.05)
        file = tmp_path / "audio/a.wav"
        put(storage, "a.wav", b"one")
        time.sleep(0.1)
        before = both(storage).version
        assert before is not None
        assert both(storage).version == before
        times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
        file.write_bytes(b"two")
        os.utime(file, ns=times)
        time.sleep(0.1)
        assert both(storage).version not in (None, before), "same size and modification time"


class TestWebDav:
    @pytest.fixture
    def server(self) -> Iterator[ScriptedServer]:
        with ScriptedServer.running() as server:
            yield server

    def version(
        self, server: ScriptedServer, changed: str = OLD, etag: str = '"1"', date: str | None = DATE, size: int = 3
    ) -> str | None:
        properties = f"<resourcetype/><getcontentlength>{size}</getcontentlength>"
        properties += f"<getlastmodified>{changed}</getlastmodified><getetag>{etag}</getetag>"
        headers = {} if date is None else {"Date": date}
        file = response("/dav/a.wav", properties)
        server.listing("/dav/", response("/dav/", FOLDER), file, headers=headers)
        server.listing("/dav/a.wav", file, headers=headers)
        storage = make(f"fsspec+webdav://127.0.0.1:{server.server_port}/dav", {}, {})
        try:
            return both(storage).version
        finally:
            storage.close()

    def test_a_version_is_made_of_size_time_and_etag(self, server: ScriptedServer) -> None:
        older = "Tue, 24 Nov 2026 11:58:00 GMT"
        found = [
            self.version(server),
            self.version(server, size=4),
            self.version(server, changed=older),
            self.version(server, etag='"2"'),
            self.version(server, etag=""),
        ]
        assert None not in found
        assert len(set(found)) == len(found)
        assert self.version(server) == found[0]

    @pytest.mark.parametrize("etag", ['"1"', 'W/"1"', ""])
    def test_a_file_that_was_changed_less_than_a_minute_ago_has_no_version(
        self, server: ScriptedServer, etag: str
    ) -> None:
        """The ETags of nginx and others contain the time in seconds, and stay the same within one."""
        assert self.version(server, changed=YOUNG, etag=etag) is None

    @pytest.mark.parametrize("date", [None, "soon", "Tue, 24 Nov 2026 12:00:00", "Tue, 24 Nov 99999 12:00:00 GMT"])
    def test_there_is_no_version_without_the_time_of_the_server(
        self, server: ScriptedServer, date: str | None
    ) -> None:
        assert self.version(server, date=date) is None

    @pytest.mark.parametrize("changed", ["", "today", "Tue, 24 Nov 2026 11:00:00"])
    def test_there_is_no_version_without_the_time_of_the_file(self, server: ScriptedServer, changed: str) -> None:
        assert self.version(server, changed=changed) is None
