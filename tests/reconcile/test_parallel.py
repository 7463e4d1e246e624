"""map_unordered: bounded threads, results in the order in which they end, and no work begun after a stop."""

from __future__ import annotations

import threading

import pytest

from mhsync.reconcile.parallel import map_unordered


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
