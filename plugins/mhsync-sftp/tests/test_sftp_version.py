"""`FileInfo.version`: it changes with the file, or is None while that is not certain."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from mhsync_sftp.listing import walk
from mhsync_sftp.version import SETTLE, ServerClock, version_of
from mhsync_sftp.wire import Attributes

from mhsync.testing.content import put


def version(storage) -> str | None:
    """The version in the listing, which must be that of `stat`."""
    (listed,) = storage.list()
    assert storage.stat("a.wav") == listed
    return listed.version


def set_age(file: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(file, (then, then))


def test_a_file_has_a_version_only_after_some_seconds(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", b"one")
    assert version(storage) is None
    set_age(place.folder / "a.wav", 60)
    first = version(storage)
    assert first is not None
    put(storage, "a.wav", b"two")
    set_age(place.folder / "a.wav", 50)
    assert version(storage) not in (None, first)
    storage.close()


def test_a_file_of_the_same_time_and_another_size_has_another_version(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", b"one")
    then = time.time() - 60
    os.utime(place.folder / "a.wav", (then, then))
    first = version(storage)
    put(storage, "a.wav", b"three")
    os.utime(place.folder / "a.wav", (then, then))
    assert version(storage) not in (None, first)
    storage.close()


def test_a_write_in_the_second_of_another_one_never_has_its_version(place) -> None:
    storage = place.opener.open()
    seen: set[str | None] = set()
    for number in range(200):
        put(storage, "a.wav", f"{number:03}".encode())
        found = version(storage)
        assert found is None or found not in seen
        seen.add(found)
    storage.close()


@pytest.mark.parametrize("change", ["write", "lock"])
@pytest.mark.parametrize("wrong", [-100_000, 100_000])
def test_the_clock_of_the_server_counts_if_the_clock_of_this_machine_is_wrong(place, change, wrong) -> None:
    storage = place.opener.open()
    put(storage, "old.wav", b"x")
    set_age(place.folder / "old.wav", 60)
    storage._clock._now = lambda: time.time() + wrong
    storage._clock._stamp = None
    if change == "write":
        put(storage, "a.wav", b"x")
        found = {info.path: info.version for info in storage.list()}
    else:
        (place.folder / "a.wav").write_bytes(b"x")
        with storage.lock():
            found = {info.path: info.version for info in storage.list()}
    assert found["a.wav"] is None
    assert found["old.wav"] is not None
    storage.close()


@pytest.mark.parametrize("operation", ["list", "stat"])
def test_the_clock_is_read_before_the_server_is_asked(place, monkeypatch, operation: str) -> None:
    """While a long listing runs, a file that was already read may be written again within the same second."""
    storage = place.opener.open()
    seconds = [0.0]
    storage._clock._monotonic = lambda: seconds[0]
    put(storage, "a.wav", b"x")

    def slow(function):
        def call(*arguments):
            found = function(*arguments)
            seconds[0] += 1000
            return found

        return call

    if operation == "list":
        monkeypatch.setattr("mhsync_sftp.storage.walk", slow(walk))
        (found,) = storage.list()
    else:
        monkeypatch.setattr(storage._remote, "look", slow(storage._remote.look))
        found = storage.stat("a.wav")
    assert found.version is None
    assert version(storage) is not None
    storage.close()


def test_the_server_clock_runs_on_after_a_file_was_observed() -> None:
    seconds = [10.0]
    clock = ServerClock(lambda: 5.0, lambda: seconds[0])
    assert clock.read() == 5.0
    clock.observe(None)
    clock.observe(Attributes(size=1))
    assert clock.read() == 5.0
    clock.observe(Attributes(size=1, mtime=1000))
    seconds[0] += 7
    assert clock.read() == 1007


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Attributes(size=3, mtime=100), "3-100"),
        (Attributes(size=3, mtime=101), None),
        (Attributes(size=3, mtime=100_000), None),
        (Attributes(size=3), None),
        (Attributes(mtime=100), None),
    ],
)
def test_a_version_needs_a_size_and_a_time_in_the_past(found: Attributes, expected: str | None) -> None:
    assert version_of(found, 100 + SETTLE) == expected
