"""Work in threads: their number is limited, no item is lost or done twice, and no work begins after a stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import pytest

from mhsync.reconcile.parallel import collect, map_unordered, workers_to_add


def always() -> bool:
    return True


def test_every_item_comes_with_its_result():
    found = dict(map_unordered(range(50), lambda n: n * n, workers=4, go_on=always))
    assert found == {n: n * n for n in range(50)}


def test_results_come_in_the_order_in_which_they_end():
    second_ended = threading.Event()

    def work(item: str) -> str:
        if item == "first":
            assert second_ended.wait(10)
        return item

    order = []
    for item, _ in map_unordered(["first", "second"], work, workers=2, go_on=always):
        order.append(item)
        second_ended.set()
    assert order == ["second", "first"]


def test_items_are_taken_only_as_threads_become_free():
    taken = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    # By the number of results: which item ends first is up to the threads.
    for done, _ in enumerate(map_unordered(items(), lambda n: n, workers=3, go_on=always)):
        assert len(taken) <= done + 3


def test_more_threads_start_while_the_process_waits():
    met = threading.Barrier(4)
    found = dict(map_unordered(range(4), lambda _: met.wait(30), workers=4, go_on=always, first=1))
    assert set(found) == {0, 1, 2, 3}


def test_no_more_threads_start_while_the_process_computes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time, "process_time", time.monotonic)  # as if one processor were always busy
    running, most = set(), 0

    def work(item: int) -> None:
        nonlocal most
        running.add(item)
        most = max(most, len(running))
        time.sleep(0.02)
        running.remove(item)

    assert len(list(map_unordered(range(20), work, workers=8, go_on=always, first=2))) == 20
    assert most <= 2


def test_no_item_is_started_after_a_stop_and_running_work_is_waited_for():
    begun = []
    found = [item for item, _ in map_unordered(range(100), begun.append, workers=2, go_on=lambda: len(begun) < 5)]
    assert sorted(found) == sorted(begun)
    assert 5 <= len(begun) <= 6


def test_the_first_exception_is_raised_once_running_work_has_ended():
    ended = []

    def work(item: int) -> None:
        if item == 0:
            raise ValueError("a defect")
        ended.append(item)

    with pytest.raises(ValueError, match="a defect"):
        list(map_unordered(range(1000), work, workers=2, go_on=always))
    assert len(ended) < 1000


def ignore(_: int) -> None:
    pass


def collected(
    items: Iterable[int],
    work: Callable[[int], object],
    workers: int = 4,
    go_on: Callable[[], bool] = always,
    progress: Callable[[int], None] = ignore,
) -> dict[int, object]:
    return collect(items, work, workers=workers, go_on=go_on, progress=progress)


@pytest.mark.parametrize("workers", [1, 2, 3, 40])
@pytest.mark.parametrize("count", [0, 1, 500])
def test_collect_gives_each_item_with_its_result(workers: int, count: int):
    assert collected(range(count), lambda n: n * n, workers) == {n: n * n for n in range(count)}


@pytest.mark.parametrize("workers", [1, 8])
def test_collect_uses_all_threads_for_work_that_waits_and_never_more(workers: int):
    lock, running, most = threading.Lock(), 0, 0
    all_running = threading.Event()

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == workers:
                all_running.set()
        assert all_running.wait(30)
        with lock:
            running -= 1

    collected(range(100), work, workers)
    assert most == workers


def test_more_threads_are_started_only_while_the_process_waits():
    assert workers_to_add(2, 64, cpu=0.001, seconds=0.005) == 6
    assert workers_to_add(48, 64, cpu=0.0, seconds=0.005) == 16
    assert workers_to_add(64, 64, cpu=0.0, seconds=0.005) == 0
    assert workers_to_add(2, 64, cpu=0.0045, seconds=0.005) == 0


def test_collect_starts_no_item_after_a_stop_and_waits_for_running_work():
    begun: list[int] = []
    found = collected(range(1000), begun.append, 2, lambda: len(begun) < 5)
    assert sorted(found) == sorted(begun)
    assert 5 <= len(begun) <= 6


def test_collect_raises_the_first_exception_once_running_work_has_ended():
    is_other_running, ended = threading.Event(), []

    def work(item: int) -> None:
        if item == 0:
            assert is_other_running.wait(30)
            raise ValueError("a defect")
        is_other_running.set()
        ended.append(item)

    with pytest.raises(ValueError, match="a defect"):
        collected(range(1_000_000), work, 2)
    assert 0 < len(ended) < 999_999
    assert not [thread for thread in threading.enumerate() if thread.name == "mhsync-worker"]


def test_an_exception_of_the_items_is_raised():
    def items():
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        collected(items(), lambda n: n)


def test_an_exception_of_progress_ends_the_threads():
    last = threading.Event()

    def progress(_: int) -> None:
        raise ValueError("a defect")

    def work(item: int) -> None:
        if item > 10:
            last.wait(0.05)

    with pytest.raises(ValueError, match="a defect"):
        collected(range(1_000_000), work, 2, progress=progress)
    assert not [thread for thread in threading.enumerate() if thread.name == "mhsync-worker"]


def test_progress_is_reported_by_the_calling_thread_and_ends_with_all_items():
    seen: list[tuple[int, bool]] = []
    pause = threading.Event()
    collected(
        range(20),
        lambda _: pause.wait(0.05),
        2,
        progress=lambda done: seen.append((done, threading.current_thread() is threading.main_thread())),
    )
    counts = [done for done, _ in seen]
    assert counts == sorted(set(counts))
    assert counts[-1] == 20
    assert len(counts) < 20
    assert all(is_main for _, is_main in seen)
