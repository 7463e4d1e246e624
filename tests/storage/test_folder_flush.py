"""Threads share flushes of a folder; none returns before a flush that began after its call has succeeded."""

from __future__ import annotations

import errno
import os
import threading
import time

import pytest

from mhsync.storage.folder_flush import FolderFlush


class SlowDisk:
    """Notes which changes each flush covers: those that were made before it began."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.changes = 0
        self.on_disk = 0
        self.flushes = 0
        self.failures = 0

    def change(self) -> int:
        with self.lock:
            self.changes += 1
            return self.changes

    def flush(self, _: int) -> None:
        with self.lock:
            self.flushes += 1
            covered = self.changes
            is_failing = self.flushes <= self.failures
        time.sleep(0.005)
        if is_failing:
            raise OSError(errno.EIO, "the disk failed")
        with self.lock:
            self.on_disk = max(self.on_disk, covered)


@pytest.fixture
def folder(tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def work(flush: FolderFlush, disk: SlowDisk, folder: int, rounds: int) -> list[BaseException]:
    """Change and flush in 16 threads; the errors that `flush` raised. A change must be on disk after its flush."""
    missing: list[int] = []
    errors: list[BaseException] = []

    def run() -> None:
        for _ in range(rounds):
            change = disk.change()
            try:
                flush(folder)
            except OSError as error:
                errors.append(error)
            else:
                if disk.on_disk < change:
                    missing.append(change)

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missing == []
    return errors


def test_every_change_is_on_disk_when_its_flush_returns_and_threads_share_flushes(folder):
    disk = SlowDisk()
    assert work(FolderFlush(disk.flush), disk, folder, 20) == []
    assert disk.flushes <= 16 * 20 / 4


def test_a_flush_that_failed_counts_for_no_thread(folder):
    disk = SlowDisk()
    disk.failures = 5
    errors = work(FolderFlush(disk.flush), disk, folder, 5)
    assert len(errors) == 5


def test_two_folders_do_not_wait_for_each_other(tmp_path, folder):
    entered, leave = threading.Event(), threading.Event()
    (tmp_path / "other").mkdir()
    other = os.open(tmp_path / "other", os.O_RDONLY)

    def flush(descriptor: int) -> None:
        if descriptor == folder:
            entered.set()
            assert leave.wait(10)

    flush_folder = FolderFlush(flush)
    waiting = threading.Thread(target=flush_folder, args=(folder,))
    waiting.start()
    assert entered.wait(10)
    flush_folder(other)
    leave.set()
    waiting.join()
    os.close(other)
