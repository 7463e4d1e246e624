"""Files in a directory: only complete files get their name, and no file is replaced."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from functools import partial
from pathlib import Path

import pytest

from mhsync.api import local_files
from mhsync.api.local_files import Directory
from mhsync.errors import StorageError
from mhsync.fileio.early_flush import EarlyFlush


def put(directory: Directory, name: str, data: bytes) -> Path:
    with directory.temporary() as file:
        file.write(data)
        return directory.place(file, name, hashlib.sha256(data).hexdigest())


def test_a_placed_file_is_complete_and_has_the_usual_permissions(tmp_path: Path):
    path = put(Directory(tmp_path / "new"), "a.wav", b"bytes")
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    assert path.read_bytes() == b"bytes"
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    assert [file.name for file in path.parent.iterdir()] == ["a.wav"]


def test_an_exception_leaves_no_file(tmp_path: Path):
    directory = Directory(tmp_path)
    with pytest.raises(KeyError), directory.temporary() as file:
        file.write(b"half")
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_a_flush_during_the_write_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(local_files, "EarlyFlush", partial(EarlyFlush, step=4, flush=fail))
    with pytest.raises(StorageError, match="no space left"):
        put(Directory(tmp_path), "a.wav", b"whole")
    assert list(tmp_path.iterdir()) == []


def test_a_name_in_use_gets_the_next_free_number(tmp_path: Path):
    (tmp_path / "a.wav").mkdir()
    (tmp_path / "a-2.wav").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "a-3.wav").write_bytes(b"other")
    assert put(Directory(tmp_path), "a.wav", b"bytes").name == "a-4.wav"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("is_taken", [False, True])
def test_file_systems_without_hard_links_are_supported(tmp_path: Path, monkeypatch, is_taken: bool):
    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    if is_taken:
        (tmp_path / "a.wav").write_bytes(b"other")
    path = put(Directory(tmp_path), "a.wav", b"bytes")
    assert path.name == ("a-2.wav" if is_taken else "a.wav")
    assert path.read_bytes() == b"bytes"
    assert list(tmp_path.glob(".mhsync-*")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_is_reported_in_one_line(tmp_path: Path):
    with Directory(tmp_path).temporary() as file:
        file.replace_descriptor(os.open("/dev/full", os.O_WRONLY))
        with pytest.raises(StorageError) as caught:
            file.write(b"bytes")
    assert str(caught.value) == f"{tmp_path}: no space left on device"
    assert list(tmp_path.iterdir()) == []
