"""Progress on stderr: one rewritten line on a terminal, else a line every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

from mhsync.api.notice import WaitNotice
from mhsync.cli.console import Console
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.units import counted, human_time
from mhsync.core.report import ProjectResult
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
_LOG_PAUSE = 5.0
"""Seconds between two lines in a log; a shorter run writes none."""


def note_wait(console: Console, notice: WaitNotice) -> None:
    """One line about a wait for another attempt; `-q` silences it. May be called from any thread."""
    what = f"{notice.subject} {notice.reason}"
    when = f"next attempt in {human_time(notice.seconds)} (attempt {notice.attempt} of {notice.attempts})"
    console.info(console.redact(escape(f"{what}; {when}")))


class Progress:
    """An observer that shows the progress of a run on stderr.

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
        self._is_terminal = console.stderr_is_terminal
        self._pause = _TERMINAL_PAUSE if self._is_terminal else _LOG_PAUSE
        self._last = clock() if not self._is_terminal else float("-inf")
        self._total = 0
        self._finished = 0

    def __call__(self, event: ProgressEvent) -> None:
        """Show one event; called by the run."""
        if self._also is not None:
            self._also(event)
        match event:
            case ChecksProgressed(done, total):
                self._show(f"checked {done:,} of {counted(total, 'project')}")
            case ProjectFinished(result):
                self._show_finished(result)
            case WaitingForRenders(pending, seconds):
                verb = "is" if pending == 1 else "are"
                left = human_time(seconds)
                self._show(f"{counted(pending, 'project')} {verb} rendering; waiting up to {left} more")
            case StorageLocked(holder):
                self._console.info(f"waiting for another run: {escape(holder)}")
            case RetryDelayed(notice):
                note_wait(self._console, notice)
            case Warned(message):
                self._console.error(self._console.redact(f"warning: {escape(message)}"))

    def expect(self, total: int) -> None:
        """Set how many projects the run is going to change."""
        self._total = total

    def end(self) -> None:
        """Remove the rewritten line."""
        if self._is_terminal:
            self._console.status("")

    def _show_finished(self, result: ProjectResult) -> None:
        self._finished += 1
        total = max(self._total, self._finished)
        self._show(f"{self._finished:,} of {total:,} done; last: {result.id} {result.outcome.replace('_', ' ')}")

    def _show(self, text: str) -> None:
        if self._console.is_quiet or self._clock() - self._last < self._pause:
            return
        self._last = self._clock()
        if self._is_terminal:
            self._console.status(escape(text))
        else:
            self._console.error(escape(text))
