"""Unfinished files: dead ones are cleared, live ones and everything else stay."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mhsync.fileio.live import clear_dead, create

_WRITER = """
import os, sys
from mhsync.fileio.live import create
folder = os.open(sys.argv[1], os.O_RDONLY)
descriptor, name = create(folder, "mhsync-", ".part", 0o600)
os.write(descriptor, b"half")
print(name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_only_files_of_dead_processes_are_cleared(tmp_path: Path, folder: int):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    dead, live = (writer.stdout.readline().strip() for writer in writers)
    try:
        writers[0].kill()
        writers[0].wait()
        assert clear_dead(folder, "mhsync-", ".part") == 1
        assert [path.name for path in tmp_path.iterdir()] == [live]
        assert dead != live
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    assert clear_dead(folder, "mhsync-", ".part") == 1


def test_files_of_this_process_are_live_until_they_are_closed(folder: int, tmp_path: Path):
    descriptor, name = create(folder, "mhsync-", "", 0o600)
    assert clear_dead(folder, "mhsync-") == 0
    os.close(descriptor)
    assert clear_dead(folder, "mhsync-") == 1
    assert not (tmp_path / name).exists()


def test_what_create_would_not_have_made_stays(folder: int, tmp_path: Path):
    token = "0123456789abcdef"
    for name in (f"mhsync-{token}", f"mhsync-{token}.partial", f"mhsync-{token[:-1]}.part", f"x-{token}.part"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / f"mhsync-{token}.part").mkdir()
    (tmp_path / f"mhsync-{token[::-1]}.part").symlink_to(tmp_path / f"x-{token}.part")
    theirs = tmp_path / "theirs"
    theirs.write_bytes(b"")
    os.link(theirs, tmp_path / f"mhsync-{'f' * 16}.part")
    os.mkfifo(tmp_path / f"mhsync-{'e' * 16}.part")
    before = sorted(path.name for path in tmp_path.iterdir())

    assert clear_dead(folder, "mhsync-", ".part") == 0

    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.skipif("os.geteuid() != 0", reason="needs root to make files of another user")
def test_files_of_another_user_stay(folder: int, tmp_path: Path):
    path = tmp_path / f"mhsync-{'a' * 16}.part"
    path.write_bytes(b"")
    os.chown(path, 65534, 65534)
    assert clear_dead(folder, "mhsync-", ".part") == 0
    assert path.exists()
