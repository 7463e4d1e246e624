"""A storage that several files share is opened, locked and closed once, whatever name each file uses for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from mhsync import MhsyncError, hookimpl
from mhsync.core.manifest import Manifest, ManifestFile
from mhsync.errors import Interrupted, Locked, LockTimeout
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.storages import Storages, opened
from mhsync.storage.local import LocalStorage


def manifest(folder: Path, *storages: str) -> Manifest:
    return Manifest(tuple(ManifestFile(f"{n}.yaml", str(folder), "", where) for n, where in enumerate(storages)))


def test_a_folder_is_one_storage_under_all_its_names(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "link").symlink_to("a b")
    names = [
        "a b",
        "./a b/",
        f"{tmp_path}/a b",
        f"file://{tmp_path}/a%20b",
        f"FILE://localhost{tmp_path}/a%20b",
        "link",
    ]
    waits: list[str] = []
    with opened(Hooks.load(enabled=False), manifest(tmp_path, *names)) as storages:
        assert len(storages.by_location) == 1
        with storages.locked(0, waits.append, lambda: False, time.monotonic):
            assert waits == []


def test_two_folders_are_two_storages(tmp_path: Path) -> None:
    with opened(Hooks.load(enabled=False), manifest(tmp_path, "a", f"file://{tmp_path}/b")) as storages:
        assert len(storages.by_location) == 2


@pytest.mark.parametrize("storage", ["nul\0", "file:///nul%00", "loop"])
def test_an_impossible_folder_is_reported_in_plain_words(tmp_path: Path, storage: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(MhsyncError), opened(Hooks.load(enabled=False), manifest(tmp_path, storage)) as storages:
        list(storages.of(manifest(tmp_path, storage).files[0]).list())


def test_open_storages_are_closed_if_the_next_one_cannot_be_opened(tmp_path: Path) -> None:
    closed: list[str] = []

    class Closing(LocalStorage):
        def close(self) -> None:
            closed.append(self.folder.name)

    def factory(url: str, options: Mapping[str, Any]) -> LocalStorage:
        if "bad" in url:
            raise RuntimeError
        return Closing(tmp_path / url.rpartition("/")[2])

    plugin = SimpleNamespace(mhsync_storage_schemes=hookimpl(lambda: {"mine": factory}))
    with (
        pytest.raises(Exception, match="RuntimeError"),
        opened(Hooks.of(mine=plugin), manifest(tmp_path, "mine://one", "mine://two", "mine://bad")),
    ):
        pass
    assert closed == ["two", "one"]


class Time:
    """A clock that moves only while the run sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []
        self.at_sleep: Callable[[], object] = lambda: None

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds
        self.at_sleep()


class Lockable(LocalStorage):
    """A folder whose lock gives the errors of a list first."""

    refusals: ClassVar[list[Locked]] = []

    @contextmanager
    def lock(self) -> Iterator[None]:
        if self.refusals:
            raise self.refusals[0] if len(self.refusals) == 1 else self.refusals.pop(0)
        yield


HELD = "held by process 12 on host a since 2026-11-01T12:00:00Z"
NAMED = Locked("process 12 on host a", "2026-11-01T12:00:00Z")


class TestWaitingForALock:
    @pytest.fixture
    def lock(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
        def lock(
            timeout: float, *refusals: Locked, time: Time, waits: list[str], stop: Any = lambda: False
        ) -> Any:
            monkeypatch.setattr(Lockable, "refusals", [*refusals])
            storages = Storages({str(tmp_path): Lockable(tmp_path)}, {})
            return storages.locked(timeout, waits.append, stop, time.clock, time.sleep)

        return lock

    def test_a_free_lock_is_taken_without_a_pause(self, lock: Callable[..., Any]) -> None:
        time, waits = Time(), list[str]()
        with lock(0, time=time, waits=waits):
            pass
        assert (time.sleeps, waits) == ([], [])

    @pytest.mark.parametrize("timeout", [0, 5, 60])
    def test_the_holder_is_reported_once_and_the_time_is_kept(
        self, lock: Callable[..., Any], tmp_path: Path, timeout: float
    ) -> None:
        time, waits = Time(), list[str]()
        with pytest.raises(LockTimeout) as refused, lock(timeout, NAMED, time=time, waits=waits):
            pytest.fail("two hold it")
        assert waits == [HELD]
        assert refused.value.message == f"the storage {tmp_path} is {HELD}"
        assert f"longer than {timeout} s with --lock-timeout" in (refused.value.hint or "")
        assert refused.value.exit_code == 3
        assert sum(time.sleeps) == pytest.approx(timeout)
        assert max(time.sleeps, default=0) <= 1

    def test_a_lock_that_is_released_during_the_wait_is_taken(self, lock: Callable[..., Any]) -> None:
        time, waits = Time(), list[str]()
        time.at_sleep = lambda: Lockable.refusals.clear() if time.now > 1003 else None
        with lock(60, NAMED, time=time, waits=waits):
            assert 3 < sum(time.sleeps) < 5
        assert waits == [HELD]

    def test_a_holder_that_writes_its_name_late_is_named_even_without_a_timeout(
        self, lock: Callable[..., Any]
    ) -> None:
        time, waits = Time(), list[str]()
        with pytest.raises(LockTimeout, match=HELD), lock(0, Locked(), Locked(), NAMED, time=time, waits=waits):
            pytest.fail("two hold it")
        assert waits == [HELD]
        assert sum(time.sleeps) < 1

    def test_a_holder_that_never_writes_its_name_is_another_run(self, lock: Callable[..., Any]) -> None:
        time, waits = Time(), list[str]()
        with (
            pytest.raises(LockTimeout, match="is held by another run$"),
            lock(5, Locked(), time=time, waits=waits),
        ):
            pytest.fail("two hold it")
        assert waits == ["held by another run"]
        assert sum(time.sleeps) <= 6

    def test_a_lock_file_that_is_empty_for_a_moment_keeps_the_name(self, lock: Callable[..., Any]) -> None:
        time, waits = Time(), list[str]()
        with pytest.raises(LockTimeout, match=HELD), lock(3, NAMED, Locked(), time=time, waits=waits):
            pytest.fail("two hold it")
        assert waits == [HELD]

    def test_a_request_to_stop_ends_the_wait(self, lock: Callable[..., Any]) -> None:
        time, waits = Time(), list[str]()
        with (
            pytest.raises(Interrupted, match="nothing was changed"),
            lock(60, NAMED, time=time, waits=waits, stop=lambda: time.now > 1002),
        ):
            pytest.fail("two hold it")
        assert sum(time.sleeps) < 4


def test_a_second_run_gets_the_lock_when_the_first_ends(tmp_path: Path) -> None:
    """With the real lock of a folder."""
    storages = Storages({str(tmp_path): LocalStorage(tmp_path)}, {})
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with storages.locked(60, lambda _: waiting.set(), lambda: False, time.monotonic):
            order.append("second")

    with storages.locked(0, pytest.fail, lambda: False, time.monotonic):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(60)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]
