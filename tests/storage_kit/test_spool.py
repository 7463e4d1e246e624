"""Spools: gone after use, and those of killed processes are cleared by a later run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mhsync.errors import StorageError
from mhsync.storage_kit import spooling, sweep_spools

_KILLED = """
import os, signal
from mhsync.storage_kit import spooling
with spooling("a/output.wav") as spool:
    spool.write(b"half")
    print(spool.local_path, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def killed(folder: Path) -> Path:
    environ = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", _KILLED], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    return Path(done.stdout.strip())


def test_a_spool_holds_what_was_written_and_is_gone_after_the_block(folder: Path):
    with pytest.raises(KeyError), spooling("a/output.wav") as spool:
        assert spool.write(b"some") == 4
        spool.write(memoryview(b" bytes"))
        assert (spool.size, spool.local_path.read_bytes()) == (10, b"some bytes")
        assert (spool.local_path.parent, spool.local_path.suffix) == (folder, ".wav")
        assert spool.local_path.stat().st_mode & 0o077 == 0
        raise KeyError
    assert list(folder.iterdir()) == []


def test_spools_of_killed_processes_are_cleared_and_live_ones_stay(folder: Path):
    for _ in range(3):
        assert killed(folder).exists()
    other = folder / "mhsync-spool-notes.txt"
    other.write_text("other")
    with spooling("b.wav") as spool:
        assert sweep_spools() == 3
        assert sorted(folder.iterdir()) == sorted([spool.local_path, other])
    assert sweep_spools() == 0
    assert list(folder.iterdir()) == [other]


def test_no_room_is_reported_with_the_way_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    with pytest.raises(StorageError, match="cannot keep a file in /nonexistent on its way") as caught, spooling():
        pass
    assert "TMPDIR" in caught.value.hint
    assert sweep_spools() == 0
