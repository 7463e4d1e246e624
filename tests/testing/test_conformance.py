"""The suite finds what it is there to find: each broken promise fails the test that is about it."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import pytest

from mhsync.errors import Locked, MhsyncError, StorageError, StorageNotFound
from mhsync.storage.base import FileInfo, Storage, Writer
from mhsync.storage.local import LocalStorage
from mhsync.testing import Opener, StorageConformance
from mhsync.testing.content import OUTSIDE


class Suite(StorageConformance):
    lock_seconds = 1.0


SUITE = Suite()


class Direct(LocalStorage):
    """Writes under the final path at once."""

    @contextmanager
    def write(self, path: str) -> Iterator[Any]:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb", buffering=0) as file:
            yield file


class PublishesWhatWasWritten(LocalStorage):
    """What many libraries do: leaving the block closes the file, whatever ended it."""

    @contextmanager
    def write(self, path: str) -> Iterator[Any]:
        gathered = io.BytesIO()
        try:
            yield gathered
        finally:
            with super().write(path) as writer:
                writer.write(gathered.getvalue())


class LeavesTruncatedAfterLargeWrite(LocalStorage):
    """Sends parts of a mebibyte, and the parts stay."""

    @contextmanager
    def write(self, path: str) -> Iterator[Any]:
        gathered = io.BytesIO()
        try:
            yield gathered
        except BaseException:
            if gathered.tell() < 1024 * 1024:
                raise
            with super().write(path) as writer:
                writer.write(gathered.getvalue())
            raise
        with super().write(path) as writer:
            writer.write(gathered.getvalue())


class MixesWriters(LocalStorage):
    """Two writers of one path write into one buffer."""

    buffers: ClassVar[dict[str, io.BytesIO]] = {}
    turn = threading.Lock()

    @contextmanager
    def write(self, path: str) -> Iterator[Any]:
        buffer = self.buffers.setdefault(f"{self.folder}/{path}", io.BytesIO())
        yield buffer
        with self.turn, super().write(path) as writer:
            writer.write(buffer.getvalue())


class LosesTheEnd(LocalStorage):
    @contextmanager
    def write(self, path: str) -> Iterator[Any]:
        with super().write(path) as writer:
            yield _Forgetful(writer)


@dataclass
class _Forgetful:
    writer: Writer
    size: int = 0

    def write(self, data: bytes, /) -> int:
        """Nothing past the first mebibyte."""
        self.writer.write(data[: max(0, 1024 * 1024 - self.size)])
        self.size += len(data)
        return len(data)


class ListsOnePage(LocalStorage):
    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        return islice(super().list(prefix), 10)


class ListsFolders(LocalStorage):
    """Takes a prefix for a folder, as most libraries do."""

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        return super().list(prefix if not prefix or prefix.endswith("/") else prefix + "/")


class EncodesNames(LocalStorage):
    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        for info in super().list(prefix):
            yield FileInfo(info.path.replace(" ", "%20"), info.size)


class TakesAnyPath(LocalStorage):
    def stat(self, path: str) -> FileInfo | None:
        return None if path in OUTSIDE else super().stat(path)


class MovesInsteadOfCopying(LocalStorage):
    def copy(self, source: str, target: str) -> None:
        super().copy(source, target)
        self.remove(source)


class LinksInsteadOfCopying(Direct):
    """The copy is the same file under another name."""

    def copy(self, source: str, target: str) -> None:
        self.remove(target)
        (self.folder / target).parent.mkdir(parents=True, exist_ok=True)
        os.link(self.folder / source, self.folder / target)


class CopiesTheStart(LocalStorage):
    def copy(self, source: str, target: str) -> None:
        with self.open(source) as reader, self.write(target) as writer:
            writer.write(reader.read(1024 * 1024))


class CopiesMissingFiles(LocalStorage):
    def copy(self, source: str, target: str) -> None:
        if self.stat(source) is None:
            self.remove(target)
        super().copy(source, target)


class KeepsTheTarget(LocalStorage):
    def copy(self, source: str, target: str) -> None:
        if self.stat(target) is None:
            super().copy(source, target)


class VersionIsTheSize(LocalStorage):
    def stat(self, path: str) -> FileInfo | None:
        info = super().stat(path)
        return None if info is None else FileInfo(path, info.size, str(info.size))

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        return (FileInfo(info.path, info.size, str(info.size)) for info in super().list(prefix))


class VersionsOnlyInStat(LocalStorage):
    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        return (FileInfo(info.path, info.size) for info in super().list(prefix))


class FailsOnMissing(LocalStorage):
    def remove(self, path: str) -> None:
        if self.stat(path) is None:
            raise StorageNotFound(path)
        super().remove(path)


class OpensMissing(LocalStorage):
    def open(self, path: str) -> BinaryIO:
        try:
            return super().open(path)
        except StorageNotFound:
            return io.BytesIO()


class OneReader(LocalStorage):
    """All readers of a path share their place in it."""

    readers: ClassVar[dict[str, io.BytesIO]] = {}

    def open(self, path: str) -> BinaryIO:
        with super().open(path) as reader:
            return self.readers.setdefault(f"{self.folder}/{path}", io.BytesIO(reader.read()))


class InMemory(LocalStorage):
    """Its files are gone with the object."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"{folder}/{id(self)}")


class NotForThreads(LocalStorage):
    """A connection that is shared without care."""

    busy = False

    @contextmanager
    def write(self, path: str) -> Iterator[Any]:
        if self.busy:
            raise StorageError("the connection is in use")
        self.busy = True
        with super().write(path) as writer:
            yield writer
        self.busy = False


class KeepsItsLock(LocalStorage):
    @contextmanager
    def lock(self) -> Iterator[None]:
        stack = ExitStack()
        stack.enter_context(super().lock())
        self.__dict__.setdefault("held", []).append(stack)
        yield


class WaitsForItsLock(LocalStorage):
    @contextmanager
    def lock(self) -> Iterator[None]:
        for _ in range(12):
            with suppress(Locked), super().lock():
                yield
                return
            time.sleep(0.1)
        raise Locked


class SweepsEverything(LocalStorage):
    def sweep(self) -> None:
        for info in list(self.list()):
            self.remove(info.path)


class IgnoresCase(LocalStorage):
    """A storage that ignores case: receipts whose names differ only in case would be the same file."""

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        return (FileInfo(info.path.upper(), info.size) for info in super().list(prefix))


Check = Callable[[Storage, Opener], None]

BROKEN: list[tuple[type[Storage], Check]] = [
    (Direct, lambda s, o: SUITE.test_nothing_is_visible_before_the_block_ends(s)),
    (Direct, lambda s, o: SUITE.test_a_kill_in_the_middle_of_a_write_leaves_nothing(s, o)),
    (Direct, lambda s, o: SUITE.test_a_kill_in_the_middle_of_a_write_leaves_what_was_there(s, o)),
    (Direct, lambda s, o: SUITE.test_of_two_writers_of_one_path_one_wins_whole(s)),
    (PublishesWhatWasWritten, lambda s, o: SUITE.test_an_exception_leaves_nothing(s, 1)),
    (PublishesWhatWasWritten, lambda s, o: SUITE.test_an_exception_leaves_what_was_there(s)),
    (LeavesTruncatedAfterLargeWrite, lambda s, o: SUITE.test_an_exception_in_a_large_write_leaves_nothing(s)),
    (MixesWriters, lambda s, o: SUITE.test_a_second_write_replaces_the_first(s)),
    (LosesTheEnd, lambda s, o: SUITE.test_a_file_of_several_requests_is_read_back(s)),
    (ListsOnePage, lambda s, o: SUITE.test_a_listing_of_several_pages_is_whole(s)),
    (ListsFolders, lambda s, o: SUITE.test_a_listing_takes_a_prefix_as_text(s)),
    (EncodesNames, lambda s, o: SUITE.test_an_odd_name_comes_back_as_it_was(s, "with space.wav")),
    (TakesAnyPath, lambda s, o: SUITE.test_a_path_that_leaves_the_storage_is_refused(s, "../up")),
    (MovesInsteadOfCopying, lambda s, o: SUITE.test_a_copy_has_the_same_bytes_and_the_source_is_kept(s, 0)),
    (MovesInsteadOfCopying, lambda s, o: SUITE.test_a_copy_onto_itself_keeps_the_file(s)),
    (LinksInsteadOfCopying, lambda s, o: SUITE.test_a_copy_does_not_change_with_its_source(s)),
    (CopiesTheStart, lambda s, o: SUITE.test_a_large_file_is_copied_completely(s)),
    (CopiesMissingFiles, lambda s, o: SUITE.test_a_copy_of_a_missing_file_leaves_the_target_unchanged(s)),
    (KeepsTheTarget, lambda s, o: SUITE.test_a_copy_replaces_the_file_at_its_target(s)),
    (
        VersionIsTheSize,
        lambda s, o: SUITE.test_list_and_stat_give_the_same_version_and_it_changes_with_the_file(s),
    ),
    (
        VersionsOnlyInStat,
        lambda s, o: SUITE.test_list_and_stat_give_the_same_version_and_it_changes_with_the_file(s),
    ),
    (FailsOnMissing, lambda s, o: SUITE.test_a_removed_file_is_gone(s)),
    (FailsOnMissing, lambda s, o: SUITE.test_what_is_not_there_is_said_so(s)),
    (OpensMissing, lambda s, o: SUITE.test_what_is_not_there_is_said_so(s)),
    (OneReader, lambda s, o: SUITE.test_a_reader_reads_in_parts_and_begins_at_the_start(s)),
    (InMemory, lambda s, o: SUITE.test_it_outlives_the_object_it_was_written_through(s, o)),
    (NotForThreads, lambda s, o: SUITE.test_many_threads_at_once(s)),
    (KeepsItsLock, lambda s, o: SUITE.test_a_lock_is_released_at_the_end_of_its_block(s)),
    (WaitsForItsLock, lambda s, o: SUITE.test_a_lock_that_is_held_is_refused_at_once(s, o)),
    (SweepsEverything, lambda s, o: SUITE.test_a_kill_in_the_middle_of_a_write_leaves_what_was_there(s, o)),
    (IgnoresCase, lambda s, o: SUITE.test_receipts_are_kept_apart_whatever_the_case(s)),
]


@pytest.mark.parametrize(
    ("broken", "check"), BROKEN, ids=[f"{number}-{broken.__name__}" for number, (broken, _) in enumerate(BROKEN)]
)
def test_a_broken_promise_is_found(broken: type[Storage], check: Check, tmp_path: Path) -> None:
    opener = Opener(f"{__name__}:{broken.__name__}", (str(tmp_path),))
    with pytest.raises((AssertionError, MhsyncError, pytest.fail.Exception)):
        check(opener.open(), opener)


@pytest.mark.parametrize("check", [check for _, check in BROKEN], ids=[str(n) for n in range(len(BROKEN))])
def test_a_folder_passes_the_same_tests(check: Check, tmp_path: Path) -> None:
    opener = Opener("mhsync.storage.local:LocalStorage", (str(tmp_path / "outputs"),))
    check(opener.open(), opener)
