"""Temporary files are removed with their block, and failures of local files are errors of mhsync."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mhsync.errors import StorageError
from mhsync.storage.files import FileReader, TemporaryFile


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_every_byte_is_in_the_file_at_once(folder: int, tmp_path: Path):
    with TemporaryFile(folder, tmp_path, ".wav", tmp_path, "a.wav") as file:
        assert file.write(b"one") == 3
        assert file.write(memoryview(b"two")) == 3
        assert file.local_path.read_bytes() == b"onetwo"
        assert file.local_path.suffix == ".wav"


def test_the_file_is_removed_at_the_end_of_its_block(folder: int, tmp_path: Path):
    with pytest.raises(KeyError), TemporaryFile(folder, tmp_path, "", tmp_path, "a") as file:
        raise KeyError
    assert not file.local_path.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_an_error_and_the_other_file_is_kept(folder: int, tmp_path: Path):
    taken = tmp_path / f"{os.getpid()}-same"
    taken.write_text("kept")
    with pytest.raises(FileExistsError):
        TemporaryFile(folder, tmp_path, "", tmp_path, "a", token=lambda size: "same")
    assert taken.read_text() == "kept"


def test_the_version_is_that_of_the_published_file(folder: int, tmp_path: Path):
    with TemporaryFile(folder, tmp_path, "", tmp_path, "a") as file:
        file.write(b"x")
        assert file.version is None
        file.sync()
        file.local_path.replace(tmp_path / "a")
        file.note_version()
        assert file.version is not None
    assert (tmp_path / "a").read_bytes() == b"x"


def test_another_file_can_take_its_place(folder: int, tmp_path: Path):
    with TemporaryFile(folder, tmp_path, "", tmp_path, "a") as file:
        file.write(b"new")
        other = tmp_path / "kept"
        other.write_bytes(b"kept ")
        other.replace(file.local_path)
        file.take_over(os.open(file.local_path, os.O_WRONLY | os.O_APPEND))
        file.write(b"and more")
        assert file.local_path.read_bytes() == b"kept and more"


def test_a_failed_write_names_the_path_that_was_to_be_written(folder: int, tmp_path: Path):
    goal = tmp_path / "goal.wav"
    file = TemporaryFile(folder, tmp_path, "", goal.parent, goal.name)
    file.take_over(os.open("/dev/full", os.O_WRONLY))
    with pytest.raises(StorageError, match=rf"cannot write {goal}: the disk is full"):
        file.write(b"x")
    file.__exit__(None, None, None)


@pytest.mark.parametrize("size", [-1, 1], ids=["all", "a byte"])
def test_a_failed_read_names_the_path(tmp_path: Path, size: int):
    path = tmp_path / "a.wav"
    reader = io.BufferedReader(FileReader(os.open("/proc/self/mem", os.O_RDONLY), path))
    with reader, pytest.raises(StorageError, match=rf"cannot read {path}"):
        reader.read(size)
