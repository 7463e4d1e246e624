"""Work on many items with threads.

`map_unordered` returns control to the calling thread between two items: for actions, of which one can end the run.
`collect` does not, and costs a tenth: for many short requests.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import field
from typing import TYPE_CHECKING, Generic, TypeVar

from mhsync.dataclass import dataclass

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")

_FIRST_WORKERS = 2
_GROWTH_TICK = 0.005
"""Seconds between two decisions to start more threads."""
_ITEM_GROWTH_TICK = 0.05
"""The same for `map_unordered`, whose items take longer: a flush must not look like an idle processor."""
_PROGRESS_TICK = 0.1
"""Seconds between two reports of progress."""
_BUSY = 0.6
"""The share of one processor from which on more threads are not worth their cost."""


def map_unordered(
    items: Iterable[Item],
    work: Callable[[Item], Result],
    *,
    workers: int,
    go_on: Callable[[], bool],
    first: int | None = None,
) -> Iterator[tuple[Item, Result]]:
    """Each item with what `work` made of it, in the order in which they end.

    No further item is started once `go_on` returns False; running work is waited for. Items are taken as threads
    become free, so that ten thousand of them cost no more than a few at a time.

    Args:
        workers: the most threads.
        first: the threads that begin. More are started as long as the process mostly waits. None: all begin.

    Raises:
        Exception: the first that `work` raised, once all that ran has ended.
    """
    # Imported here: a plan has no actions.
    import queue
    from concurrent.futures import ThreadPoolExecutor

    source = iter(items)
    with ThreadPoolExecutor(workers, thread_name_prefix="mhsync") as pool:
        running: dict[Future[Result], Item] = {}
        ended: queue.SimpleQueue[Future[Result]] = queue.SimpleQueue()
        failure: BaseException | None = None
        growth = _Growth(workers if first is None else min(first, workers), workers)
        while True:
            while failure is None and len(running) < growth.count and go_on():
                try:
                    item = next(source)
                except StopIteration:
                    break
                future = pool.submit(work, item)
                running[future] = item
                future.add_done_callback(ended.put)
            if not running:
                break
            try:
                future = ended.get(timeout=growth.pause)
            except queue.Empty:
                growth.check()
                continue
            growth.check()
            item = running.pop(future)
            error = future.exception()
            if error is None:
                yield item, future.result()
            else:
                failure = failure or error
        if failure is not None:
            raise failure


def collect(
    items: Iterable[Key],
    work: Callable[[Key], Result],
    *,
    workers: int,
    go_on: Callable[[], bool],
    progress: Callable[[int], None],
) -> dict[Key, Result]:
    """Each item with its result.

    The threads take the items themselves. No further item is started once `go_on` returns False or `work` has
    raised an exception; running work is waited for. Two threads begin. More are started as long as the process
    mostly waits for the network: where it computes, more threads only wait for each other.

    Args:
        items: unique; taken by any thread, one at a time.
        work: called by any thread.
        workers: the most threads.
        go_on: called by any thread.
        progress: called by the calling thread with the number of results, several times a second and at the end.

    Raises:
        Exception: the first that `work` raised, once all that ran has ended.
    """
    crew = _Crew(iter(items), work, go_on)
    try:
        crew.start(min(workers, _FIRST_WORKERS))
        seen, cpu = time.monotonic(), time.process_time()
        reported_at, reported = seen, 0
        while not crew.wait(_GROWTH_TICK if crew.count < workers else _PROGRESS_TICK):
            now, used = time.monotonic(), time.process_time()
            crew.start(workers_to_add(crew.count, workers, used - cpu, now - seen))
            seen, cpu = now, used
            if now - reported_at >= _PROGRESS_TICK and len(crew.results) > reported:
                reported_at, reported = now, len(crew.results)
                progress(reported)
    finally:
        crew.end()
    if crew.failure is not None:
        raise crew.failure
    if len(crew.results) > reported:
        progress(len(crew.results))
    return crew.results


def workers_to_add(count: int, most: int, cpu: float, seconds: float) -> int:
    """How many threads to start while `count` are running.

    Args:
        most: the most threads.
        cpu: seconds of processor time that the process used.
        seconds: the time in which it used them.
    """
    return 0 if cpu >= _BUSY * seconds else min(3 * count, most - count)


@dataclass(slots=True)
class _Growth:
    """The number of threads of one `map_unordered`. It only grows."""

    count: int
    most: int
    _seen: float = field(default_factory=time.monotonic)
    _cpu: float = field(default_factory=time.process_time)

    @property
    def pause(self) -> float | None:
        """Seconds until the next `check`; None if there is none."""
        return _ITEM_GROWTH_TICK if self.count < self.most else None

    def check(self) -> None:
        """Allow more threads if the process mostly waited since the last decision."""
        now = time.monotonic()
        if self.count < self.most and now - self._seen >= _ITEM_GROWTH_TICK:
            cpu = time.process_time()
            self.count += workers_to_add(self.count, self.most, cpu - self._cpu, now - self._seen)
            self._seen, self._cpu = now, cpu


@dataclass(slots=True)
class _Crew(Generic[Key, Result]):
    """The threads of one `collect`."""

    items: Iterator[Key]
    work: Callable[[Key], Result]
    go_on: Callable[[], bool]
    results: dict[Key, Result] = field(default_factory=dict)
    failure: BaseException | None = None
    _threads: list[threading.Thread] = field(default_factory=list)
    _running: int = 0
    _is_ending: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_done: threading.Event = field(default_factory=threading.Event)

    @property
    def count(self) -> int:
        """The threads that were started."""
        return len(self._threads)

    def start(self, count: int) -> None:
        """Start threads, unless no item is left."""
        for _ in range(count):
            with self._lock:
                if self._is_ending:
                    return
                self._running += 1
            thread = threading.Thread(target=self._run, name="mhsync-worker")
            thread.start()
            self._threads.append(thread)

    def wait(self, seconds: float) -> bool:
        """Wait until all threads have ended; whether they have."""
        return self._is_done.wait(seconds)

    def end(self) -> None:
        """Start no further item, and wait for the running ones."""
        with self._lock:
            self._is_ending = True
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        try:
            while True:
                with self._lock:
                    if self._is_ending or not self.go_on():
                        break
                    item = next(self.items)
                self.results[item] = self.work(item)
        except StopIteration:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
            self.failure = self.failure or error
        with self._lock:
            self._is_ending = True
            self._running -= 1
            if not self._running:
                self._is_done.set()
