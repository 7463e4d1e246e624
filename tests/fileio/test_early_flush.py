"""A long file is flushed while it is written; an error of any flush is never lost."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from mhsync.fileio.early_flush import EarlyFlush


@pytest.fixture
def descriptor(tmp_path):
    number = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    yield number
    os.close(number)


def test_a_flush_begins_with_each_step(descriptor):
    flushed: list[int] = []
    early = EarlyFlush(step=100, flush=flushed.append)
    for _ in range(30):
        early.written(descriptor, 10)
        early.join()

    assert flushed == [descriptor] * 3


def test_a_short_file_starts_no_thread(descriptor):
    early = EarlyFlush(step=100, flush=lambda _: None)
    before = threading.active_count()
    early.written(descriptor, 99)

    assert threading.active_count() == before


def test_one_flush_runs_at_a_time_and_no_byte_is_forgotten(descriptor):
    begin, running, most = threading.Event(), [0], [0]

    def flush(_: int) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        begin.wait(10)
        running[0] -= 1

    early = EarlyFlush(step=10, flush=flush)
    for _ in range(5):
        early.written(descriptor, 10)
    begin.set()
    early.join()
    early.written(descriptor, 1)
    early.join()

    assert most == [1]
    assert running == [0]


def test_an_error_of_an_early_flush_is_raised_by_every_later_call(descriptor):
    calls: list[int] = []

    def flush(number: int) -> None:
        calls.append(number)
        raise OSError(errno.EIO, "the disk failed")

    early = EarlyFlush(step=10, flush=flush)
    early.written(descriptor, 10)
    for _ in range(2):
        with pytest.raises(OSError, match="the disk failed"):
            early.join()
    with pytest.raises(OSError, match="the disk failed"):
        early.written(descriptor, 10)
    assert len(calls) == 1
