"""The version of a local file changes with each change, also with two changes within one tick of the clock."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from mhsync.storage.base import FileInfo
from mhsync.storage.local import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def write(storage: LocalStorage, data: bytes, path: str = "a.json") -> str | None:
    with storage.write(path) as writer:
        writer.write(data)
    return writer.version


def info(storage: LocalStorage, path: str = "a.json") -> FileInfo:
    found = storage.stat(path)
    assert found is not None
    assert list(storage.list(path)) == [found]
    return found


def overwrite(path: Path, data: bytes) -> None:
    """Change the bytes of a file in place, as an editor may."""
    with path.open("r+b") as file:
        file.write(data)


def test_the_writer_reports_the_version_that_the_listing_gives(storage: LocalStorage) -> None:
    for data in (b"", b"one", b"x" * 100_000):
        version = write(storage, data)
        assert version is not None
        assert info(storage).version == version


def test_a_change_right_after_a_write_changes_the_version(storage: LocalStorage) -> None:
    for _ in range(200):
        version = write(storage, b"one")
        overwrite(storage.folder / "a.json", b"two")
        assert info(storage).version != version


def test_a_change_with_the_former_modification_time_changes_the_version(storage: LocalStorage) -> None:
    version = write(storage, b"one")
    before = (storage.folder / "a.json").stat()
    time.sleep(0.02)
    overwrite(storage.folder / "a.json", b"two")
    os.utime(storage.folder / "a.json", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert info(storage).version != version


def test_a_file_that_replaces_another_has_another_version(storage: LocalStorage, tmp_path: Path) -> None:
    version = write(storage, b"one")
    write(storage, b"two", "b.json")
    shutil.copystat(storage.folder / "a.json", storage.folder / "b.json")
    (storage.folder / "b.json").replace(storage.folder / "a.json")
    assert info(storage).version != version


def test_a_file_of_another_program_has_no_version_until_its_tick_is_over(storage: LocalStorage) -> None:
    path = storage.folder / "a.json"
    for _ in range(50):
        path.write_bytes(b"one")
        first = info(storage).version
        overwrite(path, b"two")
        assert first is None or info(storage).version != first
    time.sleep(0.15)
    assert info(storage).version is not None


def test_a_file_system_with_coarse_times_gives_the_writer_no_version(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = os.utime

    def whole_seconds(descriptor: int, *, ns: tuple[int, int]) -> None:
        second = 1_000_000_000
        exact(descriptor, ns=(ns[0] // second * second, ns[1] // second * second))

    monkeypatch.setattr(os, "utime", whole_seconds)
    assert write(storage, b"one") is None
