"""The lock: one run at a time, and dead holders."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from mhsync_sftp import lock as lock_module

from mhsync import Locked, StorageError
from mhsync.testing.content import get, paths, put

HOLD = """
import sys
from mhsync_sftp.plugin import open_storage
import json
url, options = json.loads(sys.argv[1])
storage = open_storage(url, options)
with storage.lock(), storage.write("dead.wav") as writer:
    writer.write(b"x" * 100_000)
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(place):
    """Another process that holds the lock, in the middle of a write."""
    command = [sys.executable, "-c", HOLD, json.dumps([place.url, place.options])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def age(place, seconds: float) -> None:
    """Set the time of the last renewal to this many seconds ago."""
    newest = max((place.folder / ".mhsync/locks").iterdir(), key=lambda file: int(file.name))
    then = time.time() - seconds
    os.utime(newest, (then, then))


def test_a_second_run_is_refused_with_the_holder_and_the_time(place, holder) -> None:
    storage = place.opener.open()
    with pytest.raises(Locked) as refused, storage.lock():
        pytest.fail("two hold it")
    assert re.fullmatch(rf"process {holder.pid} on host .*", refused.value.holder)
    assert refused.value.since.startswith("20")
    storage.close()


def test_a_lock_file_that_is_being_written_names_no_holder_yet(place) -> None:
    """The file is empty for a moment while it is created or renewed."""
    file = place.folder / ".mhsync/locks/1"
    file.parent.mkdir(parents=True)
    file.touch()
    storage = place.opener.open()
    with pytest.raises(Locked) as refused, storage.lock():
        pytest.fail("two hold it")
    assert refused.value.holder is None
    file.write_text(json.dumps({"pid": 12, "host": "elsewhere", "since": "2026-01-02T03:04:05Z"}))
    with pytest.raises(Locked) as refused, storage.lock():
        pytest.fail("two hold it")
    assert refused.value.message == "held by process 12 on host elsewhere since 2026-01-02T03:04:05Z"
    storage.close()


def test_a_lock_can_be_taken_when_its_holder_ends(place, holder) -> None:
    storage = place.opener.open()
    with pytest.raises(Locked), storage.lock():
        pytest.fail("two hold it")
    holder.stdin.close()
    assert holder.wait(60) == 0
    with storage.lock():
        pass
    storage.close()


def test_the_lock_of_a_process_that_was_killed_on_this_machine_is_taken_at_once(place, holder) -> None:
    holder.kill()
    holder.wait()
    storage = place.opener.open()
    assert list((place.folder / ".mhsync/tmp").iterdir()) != []
    with storage.lock():
        storage.sweep()
    assert list((place.folder / ".mhsync/tmp").iterdir()) == []
    assert paths(storage) == []
    storage.close()


def test_a_holder_on_another_machine_is_dead_when_its_lease_ended_by_the_servers_clock(
    place, holder, monkeypatch
) -> None:
    monkeypatch.setattr("mhsync.fileio.processes.machine_id", lambda: "another machine")
    storage = place.opener.open()
    age(place, 60)
    with pytest.raises(Locked), storage.lock():
        pytest.fail("one minute is shorter than the lease")
    age(place, 200)
    with storage.lock():
        pass
    storage.close()


def test_a_holder_is_dead_when_its_lock_file_did_not_change_even_if_the_servers_clock_is_wrong(
    place, holder, monkeypatch
):
    monkeypatch.setattr("mhsync.fileio.processes.machine_id", lambda: "another machine")
    age(place, -100_000)
    passed = [0.0]
    storage = place.opener.open()

    storage._watch = lock_module.Watch(lambda: passed[0])
    for seconds in (0, 60, 119):
        passed[0] = seconds
        with pytest.raises(Locked), storage.lock():
            pytest.fail("the lease has not ended")
    passed[0] = 121
    with storage.lock():
        pass
    storage.close()


def test_an_empty_lock_file_holds_until_its_lease_ends(place) -> None:
    """Its holder was killed after it created the file and before it wrote to it."""
    storage = place.opener.open()
    (place.folder / ".mhsync/locks").mkdir(parents=True)
    (place.folder / ".mhsync/locks/7").write_bytes(b"")
    with (
        pytest.raises(Locked, match=r"held by another run since 20\S+Z \(the lock file"),
        storage.lock(),
    ):
        pytest.fail("its holder may be about to write to it")
    age(place, 200)
    with storage.lock():
        assert [file.name for file in (place.folder / ".mhsync/locks").iterdir()] == ["8"]
    storage.close()


def test_one_of_many_runs_takes_the_lock_of_a_dead_holder(place) -> None:
    (place.folder / ".mhsync/locks").mkdir(parents=True)
    (place.folder / ".mhsync/locks/1").write_bytes(b'{"released": true}')
    started, inside = threading.Barrier(8), []

    def take(_number: int) -> bool:
        storage = place.opener.open()
        started.wait(60)
        try:
            with storage.lock():
                inside.append(1)
                time.sleep(1)
                return True
        except Locked:
            return False
        finally:
            storage.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1
    assert len(inside) == 1


def test_a_lock_is_renewed(place, monkeypatch) -> None:
    monkeypatch.setattr(lock_module, "RENEW", 0.05)
    storage = place.opener.open()
    with storage.lock():
        age(place, 200)
        newest = next((place.folder / ".mhsync/locks").iterdir())
        deadline = time.monotonic() + 20
        # The file is empty for a moment while it is renewed.
        while time.time() - newest.stat().st_mtime > 100 or not (note := newest.read_text()):
            assert time.monotonic() < deadline, "it was not renewed"
            time.sleep(0.01)
        assert json.loads(note)["pid"] == os.getpid()
    storage.close()


def test_a_run_that_lost_the_lock_changes_no_files(place, monkeypatch) -> None:
    """The run was suspended, for example, and another run has taken the lock."""
    first, second = place.opener.open(), place.opener.open()
    put(first, "a.wav", b"before")
    with ExitStack() as stack:
        stack.enter_context(first.lock())
        monkeypatch.setattr(lock_module, "has_ended", lambda note: True)
        stack.enter_context(second.lock())
        first._lock._renewed -= 1000
        for change in (
            lambda: put(first, "a.wav", b"after"),
            lambda: first.copy("a.wav", "b.wav"),
            lambda: first.remove("a.wav"),
        ):
            with pytest.raises(StorageError, match="the lock of sftp://.* was lost"):
                change()
        assert get(second, "a.wav") == b"before"
        put(second, "a.wav", b"second")
    assert get(first, "a.wav") == b"second"
    first.close()
    second.close()


def test_a_lock_that_cannot_be_renewed_in_time_counts_as_lost(place) -> None:
    storage = place.opener.open()
    with storage.lock():
        storage._lock._renewed -= 1000
        put(storage, "a.wav", b"renewed just now")
        (place.folder / ".mhsync/locks" / str(storage._lock._number)).unlink()
        storage._lock._renewed -= 1000
        with pytest.raises(StorageError, match="was lost"):
            put(storage, "a.wav", b"x")
    assert get(storage, "a.wav") == b"renewed just now"
    storage.close()


def test_one_lock_file_is_kept_and_it_is_not_listed(place) -> None:
    storage = place.opener.open()
    for _ in range(5):
        with storage.lock():
            assert paths(storage) == []
    assert [file.name for file in (place.folder / ".mhsync/locks").iterdir()] == ["5"]
    storage.close()


def test_without_the_lock_only_old_temporary_files_are_removed(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", b"x")
    for name, hours in (("young", 20), ("old", 30)):
        file = place.folder / ".mhsync/tmp" / name
        file.write_bytes(b"x")
        os.utime(file, (time.time() - hours * 3600,) * 2)
    storage.sweep()
    assert [file.name for file in (place.folder / ".mhsync/tmp").iterdir()] == ["young"]
    with storage.lock():
        storage.sweep()
    assert list((place.folder / ".mhsync/tmp").iterdir()) == []
    storage.close()


def test_the_temporary_file_of_a_current_write_is_not_removed(place) -> None:
    storage = place.opener.open()
    with storage.lock():
        with storage.write("a.wav") as writer:
            writer.write(b"whole")
            storage.sweep()
        assert get(storage, "a.wav") == b"whole"
    storage.close()
