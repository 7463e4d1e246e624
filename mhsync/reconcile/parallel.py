"""Work on many items with a few threads, fed as they become free, results given to the calling thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_unordered(
    items: Iterable[Item],
    work: Callable[[Item], Result],
    *,
    workers: int,
    go_on: Callable[[], bool],
) -> Iterator[tuple[Item, Result]]:
    """Each item with what `work` made of it, in the order in which they end.

    No further item is started once `go_on` returns False; running work is waited for. Items are taken as threads
    become free, so that ten thousand of them cost no more than a few at a time.

    Raises:
        Exception: the first that `work` raised, once all that ran has ended.
    """
    source = iter(items)
    with ThreadPoolExecutor(workers, thread_name_prefix="mhsync") as pool:
        running: dict[Future[Result], Item] = {}
        failure: BaseException | None = None
        while True:
            while failure is None and len(running) < workers and go_on():
                try:
                    item = next(source)
                except StopIteration:
                    break
                running[pool.submit(work, item)] = item
            if not running:
                break
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                item = running.pop(future)
                error = future.exception()
                if error is None:
                    yield item, future.result()
                else:
                    failure = failure or error
        if failure is not None:
            raise failure
