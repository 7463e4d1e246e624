"""Progress on stderr: one rewritten line on a terminal, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable

from mhsync.api.notice import WaitNotice
from mhsync.cli.console import Console
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.units import counted, human_time
from mhsync.core.plan import Plan
from mhsync.core.report import ProjectResult
from mhsync.reconcile.context import Observer

_TERMINAL_PAUSE = 0.1
_LOG_PAUSE = 5.0
"""Seconds between two lines in a log; a run that is done sooner writes none."""


def note_wait(console: Console, notice: WaitNotice) -> None:
    """One line about a wait for another attempt; `-q` silences it. May be called from any thread."""
    what = f"{notice.subject} {notice.reason}"
    when = f"next attempt in {human_time(notice.seconds)} (attempt {notice.attempt} of {notice.attempts})"
    console.info(console.redact(escape(f"{what}; {when}")))


class Progress:
    """Tells how far a run is.

    Args:
        voice: where to.
        planned: called with the plan, once.
        clock: seconds, of any origin.
    """

    def __init__(
        self,
        console: Console,
        planned: Callable[[Plan], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._voice = console
        self._planned = planned
        self._clock = clock
        self._is_terminal = console.stderr_is_terminal
        self._pause = _TERMINAL_PAUSE if self._is_terminal else _LOG_PAUSE
        self._last = clock() if not self._is_terminal else float("-inf")
        self._total = 0
        self._settled = 0

    @property
    def observer(self) -> Observer:
        """What a run tells its steps to."""
        return Observer(
            checked=self._checked,
            planned=self._take_plan,
            settled=self._take_result,
            waiting=self._waiting,
            locked=self._locked,
            warned=self._warned,
            delayed=lambda notice: note_wait(self._voice, notice),
        )

    def end(self) -> None:
        """Take the rewritten line away."""
        if self._is_terminal:
            self._voice.status("")

    def _checked(self, done: int, total: int) -> None:
        self._tell(f"checked {done:,} of {counted(total, 'project')}")

    def _take_plan(self, plan: Plan) -> None:
        self.end()
        self._total = len(plan.changes)
        self._planned(plan)

    def _take_result(self, result: ProjectResult) -> None:
        self._settled += 1
        total = max(self._total, self._settled)
        self._tell(f"{self._settled:,} of {total:,} done; last: {result.id} {result.outcome.replace('_', ' ')}")

    def _waiting(self, pending: int, seconds: float) -> None:
        verb = "is" if pending == 1 else "are"
        self._tell(f"{counted(pending, 'project')} {verb} rendering; waiting {human_time(seconds)} more at most")

    def _locked(self, holder: str) -> None:
        self._voice.info(f"waiting for another run: {escape(holder)}")

    def _warned(self, message: str) -> None:
        self._voice.error(self._voice.redact(f"warning: {escape(message)}"))

    def _tell(self, text: str) -> None:
        if self._voice.is_quiet or self._clock() - self._last < self._pause:
            return
        self._last = self._clock()
        if self._is_terminal:
            self._voice.status(escape(text))
        else:
            self._voice.error(escape(text))
