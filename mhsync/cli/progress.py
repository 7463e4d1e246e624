"""Progress on stderr: a few rewritten lines on a terminal, else a line every ten seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from mhsync.api.notice import WaitNotice
from mhsync.api.transfer_events import TransferEnded, TransferProgressed
from mhsync.cli.console import Console
from mhsync.cli.render.progress import TransferView
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.units import counted, human_time
from mhsync.core.plan import Action, ProjectPlan
from mhsync.core.run_report import Outcome, ProjectResult
from mhsync.reconcile.progress import (
    ChecksProgressed,
    Observer,
    ProgressEvent,
    ProjectFinished,
    RetryDelayed,
    StorageLocked,
    WaitingForRenders,
    Warned,
)

_TERMINAL_PAUSE = 0.1
_LOG_PAUSE = 10.0
"""Seconds between two lines in a log; a shorter run writes none."""
_TICK = 0.5
"""Seconds between two looks at the clock while no event arrives."""


def note_wait(console: Console, notice: WaitNotice) -> None:
    """One line about a wait for another attempt; `-q` silences it. May be called from any thread."""
    what = f"{notice.subject} {notice.reason}"
    when = f"next attempt in {human_time(notice.seconds)} (attempt {notice.attempt} of {notice.attempts})"
    console.info(console.redact(escape(f"{what}; {when}")))


class Progress:
    """An observer that shows the progress of a run on stderr. Thread-safe.

    In a `with` block a thread also shows it while no event arrives. Its end removes what is shown.

    Args:
        console: where to write.
        clock: seconds, of any origin.
        also: an observer that receives each event first.
    """

    def __init__(
        self, console: Console, clock: Callable[[], float] = time.monotonic, *, also: Observer | None = None
    ) -> None:
        self._console = console
        self._also = also
        self._clock = clock
        self._is_live = console.has_live_lines
        self._pause = _TERMINAL_PAUSE if self._is_live else _LOG_PAUSE
        self._last = float("-inf") if self._is_live else clock()
        self._lock = threading.Lock()
        self._total = 0
        self._finished = 0
        self._text = ""
        self._waits_until: float | None = None
        self._pending = 0
        self._transfers = TransferView()
        self._is_shown = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if not self._console.is_quiet:
            self._thread = threading.Thread(target=self._run, name="mhsync-progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self.end()

    def __call__(self, event: ProgressEvent) -> None:
        """Show one event; called by the run, from any thread."""
        if self._also is not None:
            self._also(event)
        match event:
            case StorageLocked(holder):
                self._console.info(f"waiting for another run: {escape(holder)}")
            case RetryDelayed(notice):
                note_wait(self._console, notice)
            case Warned(message):
                self._console.error(self._console.redact(f"warning: {escape(message)}"))
            case _ if not self._console.is_quiet:
                with self._lock:
                    self._note(event)
                    self._show()

    def expect(self, changes: tuple[ProjectPlan, ...]) -> None:
        """Set what the run is going to change."""
        with self._lock:
            self._total = len(changes)
            self._text = f"0 of {len(changes):,} done"
            downloads = [plan for plan in changes if Action.DOWNLOAD in plan.actions]
            self._transfers.expected = sum(len(plan.outputs) for plan in downloads)

    def end(self) -> None:
        """Remove what is shown, until the next event."""
        with self._lock:
            self._is_shown = False
            if self._is_live:
                self._console.status(())

    def tick(self) -> None:
        """Show the time that has passed, unless nothing is shown."""
        with self._lock:
            if self._is_shown:
                self._show()

    def _run(self) -> None:
        while not self._ended.wait(_TICK):
            self.tick()

    def _note(self, event: ProgressEvent) -> None:
        now = self._clock()
        self._is_shown = True
        match event:
            case ChecksProgressed(done, total):
                if self._waits_until is None:
                    self._text = f"checked {done:,} of {counted(total, 'project')}"
            case ProjectFinished(result):
                self._note_finished(result)
            case WaitingForRenders(pending, seconds):
                self._pending, self._waits_until = pending, now + seconds
                self._transfers.settle()
            case TransferProgressed(id, path, received, size):
                self._waits_until = None
                self._transfers.progressed((id, path), received, size, now)
            case TransferEnded(id, path, size):
                self._transfers.ended((id, path), size, now)

    def _note_finished(self, result: ProjectResult) -> None:
        self._finished += 1
        self._waits_until = None
        if result.outcome in (Outcome.DELETED, Outcome.ARCHIVED):
            self._transfers.settle()  # Deletes begin after the last download.
        total = max(self._total, self._finished)
        self._text = f"{self._finished:,} of {total:,} done; last: {result.id} {result.outcome.replace('_', ' ')}"

    def _show(self) -> None:
        now = self._clock()
        if now - self._last < self._pause:
            return
        self._last = now
        is_transferring = self._transfers.has_begun and self._transfers.is_active
        line = self._transfers.text(now) if is_transferring else escape(self._line(now))
        if not self._is_live:
            self._console.error_lines([line] if line else [])
        elif is_transferring:
            self._console.status(self._transfers.lines(now, *self._console.live_size()))
        else:
            self._console.status((line,))

    def _line(self, now: float) -> str:
        """What happens while no file is transferred."""
        if self._waits_until is None or now >= self._waits_until:
            return self._text
        return f"waiting for {counted(self._pending, 'render')}, {human_time(self._waits_until - now)} left"
