"""One run at a time in a folder; the error names the holder, and the lock of an ended process is free."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mhsync.errors import Locked, StorageError
from mhsync.fileio.processes import ProcessIdentity
from mhsync.storage import lock
from mhsync.storage.local import LocalStorage
from mhsync.storage.lock import hold

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)

HOLDER = """
import subprocess, sys
from mhsync.storage.local import LocalStorage
with LocalStorage(sys.argv[1]).lock():
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    print("holding", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / ".mhsync").mkdir()
    return tmp_path / ".mhsync" / "lock"


@contextmanager
def another_run(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock, with a child of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_free_lock_is_taken_at_once(path: Path) -> None:
    for _ in range(2):
        with hold(path):
            pass


def test_the_lock_file_names_its_holder_while_it_is_held(path: Path) -> None:
    with hold(path, now=lambda: NOW):
        note = json.loads(path.read_text())
        assert (note["pid"], note["host"]) == (os.getpid(), socket.gethostname())
        assert note == {**ProcessIdentity.current().to_json(), "since": "2026-11-01T12:00:00Z"}
    assert path.read_bytes() == b""


def test_it_is_released_when_the_block_raises(path: Path) -> None:
    with pytest.raises(KeyError), hold(path):
        raise KeyError
    with hold(path):
        pass


def test_a_held_lock_is_refused_at_once_with_its_holder_and_the_time(path: Path) -> None:
    holder = f"process {os.getpid()} on host {socket.gethostname()}"
    with hold(path, now=lambda: NOW), pytest.raises(Locked) as refused, hold(path):
        pytest.fail("two runs hold the lock")
    assert (refused.value.holder, refused.value.since) == (holder, "2026-11-01T12:00:00Z")
    assert refused.value.message == f"held by {holder} since 2026-11-01T12:00:00Z"
    assert refused.value.exit_code == 3


def test_two_threads_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    def take() -> bool:
        try:
            with LocalStorage(tmp_path).lock():
                return True
        except Locked:
            return False

    with ThreadPoolExecutor(1) as pool:
        with LocalStorage(tmp_path).lock():
            assert not pool.submit(take).result()
        assert pool.submit(take).result()


def test_the_lock_of_a_killed_process_is_free_although_its_child_runs(tmp_path: Path) -> None:
    with another_run(tmp_path) as process:
        with pytest.raises(Locked, match=f"process {process.pid} "), LocalStorage(tmp_path).lock():
            pass
        process.kill()
        process.wait()
        # Its child still runs and does not hold the lock.
        with LocalStorage(tmp_path).lock():
            assert json.loads((tmp_path / ".mhsync" / "lock").read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("note", [b"", b"[]", b"not json", b"\xff\x00", b'{"pid": 1' + b" " * 5000])
def test_a_lock_file_that_cannot_be_read_names_no_holder(path: Path, note: bytes) -> None:
    with hold(path):
        path.write_bytes(note)
        with pytest.raises(Locked) as refused, hold(path):
            pytest.fail("two runs hold the lock")
    assert (refused.value.holder, refused.value.message) == (None, "held by another run")


def test_control_characters_of_a_note_are_escaped(path: Path) -> None:
    with hold(path):
        path.write_text(json.dumps({"pid": 1, "host": "\x1b[31mred\n", "since": "now"}))
        with pytest.raises(Locked) as refused, hold(path):
            pass
    assert refused.value.message.isprintable()


def test_the_note_of_an_ended_run_does_not_block_the_lock(path: Path) -> None:
    path.write_text('{"pid": 1, "host": "gone", "since": "2020-01-01T00:00:00Z"}')
    with hold(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_a_lock_on_a_file_that_was_removed_during_the_try_does_not_count(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[int] = []

    def remove_the_file_and_lock(descriptor: int) -> bool:
        locked.append(descriptor)
        if len(locked) == 1:
            path.unlink()
        return True

    monkeypatch.setattr(lock, "_flock", remove_the_file_and_lock)
    with pytest.raises(Locked), hold(path):
        pytest.fail("the file that is locked is not the one under the path")
    with hold(path):
        assert path.exists()
    assert len(locked) == 2


def test_a_lock_file_that_is_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("kept")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="symbolic link"), hold(path):
        pass
    assert (tmp_path / "elsewhere").read_text() == "kept"


def test_a_system_without_flock_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_flock", None)
    with pytest.raises(StorageError, match="no flock"), hold(path):
        pass


def test_a_file_system_without_locks_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> bool:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(lock, "_flock", refuse)
    with pytest.raises(StorageError, match="the file system cannot lock"), hold(path):
        pass


class TestHardLink:
    """The lock file is a second name of a file that mhsync did not create."""

    @pytest.fixture
    def document(self, path: Path, tmp_path: Path) -> Path:
        document = tmp_path / "document.txt"
        document.write_text("kept")
        os.link(document, path)
        return document

    def test_a_lock_with_a_second_name_is_refused_and_left_as_it_is(self, path: Path, document: Path) -> None:
        with pytest.raises(StorageError, match="another name too") as refused, hold(path):
            pytest.fail("the lock must not be taken")
        assert refused.value.hint
        assert document.read_text() == "kept"
        path.unlink()
        with hold(path):
            pass

    def test_it_is_left_as_it_is_also_while_another_process_locks_it(self, path: Path, document: Path) -> None:
        with document.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            with pytest.raises(StorageError), hold(path):
                pytest.fail("the lock must not be taken")
        assert document.read_text() == "kept"

    def test_a_second_name_that_is_added_while_it_is_held_is_not_emptied(self, path: Path, tmp_path: Path) -> None:
        with hold(path):
            os.link(path, tmp_path / "other")
            note = path.read_bytes()
        assert (tmp_path / "other").read_bytes() == note

    def test_a_named_pipe_is_refused(self, path: Path) -> None:
        os.mkfifo(path)
        with pytest.raises(StorageError, match="a named pipe is there"), hold(path):
            pytest.fail("the lock must not be taken")
