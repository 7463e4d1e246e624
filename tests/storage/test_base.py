"""The storage contract: valid paths, and the defaults that a storage may keep."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest

from mhsync.errors import StorageError, StorageNotFound
from mhsync.storage.base import FileInfo, Storage, Writer, validate_path
from mhsync.testing.content import OUTSIDE


class InMemory(Storage):
    """A storage with only the methods that the contract requires."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.written: list[str] = []

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        return (FileInfo(path, len(data)) for path, data in self.files.items() if path.startswith(prefix))

    def stat(self, path: str) -> FileInfo | None:
        return FileInfo(path, len(self.files[path])) if path in self.files else None

    def open(self, path: str) -> BinaryIO:
        if path not in self.files:
            raise StorageNotFound(path)
        return io.BytesIO(self.files[path])

    @contextmanager
    def write(self, path: str) -> Iterator[Writer]:
        self.written.append(path)
        buffer = io.BytesIO()
        yield buffer
        self.files[path] = buffer.getvalue()

    def remove(self, path: str) -> None:
        self.files.pop(path, None)


@pytest.mark.parametrize("path", ["a", "a/b.wav", "..a/b..", "a b/ä", "C:/x"])
def test_a_path_inside_the_storage_is_valid(path: str):
    assert validate_path(path) == path


@pytest.mark.parametrize("path", OUTSIDE)
def test_another_path_is_refused_on_one_line(path: str):
    with pytest.raises(StorageError, match="not a path inside the storage") as raised:
        validate_path(path)
    assert raised.value.message.isprintable()


def test_the_default_copy_reads_and_writes_every_byte():
    storage = InMemory()
    storage.files["a"] = bytes(range(256)) * 10_000
    storage.copy("a", "b")
    assert storage.files["b"] == storage.files["a"]


def test_the_default_copy_onto_itself_keeps_the_file_and_needs_one():
    storage = InMemory()
    storage.files["a"] = b"kept"
    storage.copy("a", "a")
    assert (storage.files, storage.written) == ({"a": b"kept"}, [])
    for target in ("none", "b"):
        with pytest.raises(StorageNotFound):
            storage.copy("none", target)
    assert storage.files == {"a": b"kept"}


def test_a_storage_without_locks_lets_every_run_in_and_keeps_no_partial_download():
    storage = InMemory()
    with storage.lock(), storage.lock():
        storage.flush("a")
        storage.sweep()
    assert storage.partials() is None
    storage.close()
