"""The output of `mhsync watch`: a line for each run, as text or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import islice

from mhsync.cli.console import Console
from mhsync.cli.error_report import problem_text
from mhsync.cli.event_lines import EventLines
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.units import human_time
from mhsync.core.project import format_time
from mhsync.errors import Problem
from mhsync.reconcile.watch import RunEnded, RunStarted, WatchRun

_SHOWN = 20
"""Problems of one run that are printed in full; the others are counted."""


class WatchLines:
    """Writes what happens: runs to stdout, problems to stderr.

    Args:
        console: where to write.
        now: the time.
    """

    def __init__(self, console: Console, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._console = console
        self._now = now
        self.events = EventLines(console) if console.format == "ndjson" else None
        """The observer of the runs; None unless the format is ndjson."""

    def listening(self, name: str, host: str, port: int) -> None:
        """A server of this process accepts connections."""
        shown = f"[{host}]" if ":" in host else host
        self._write(
            {"type": "listening", "name": name, "host": host, "port": port}, f"{name}: http://{shown}:{port}"
        )

    def started(self, event: RunStarted) -> None:
        """A run begins. A person sees only its end."""
        if self.events is not None:
            self.events.write(
                {"type": "run_started", "time": format_time(event.at), "trigger": event.trigger.value}
            )

    def ended(self, event: RunEnded) -> None:
        """A run ended: its sums, its problems, and when the next one begins."""
        run = event.run
        problems = _problems(run)
        line = {
            "type": "run_ended",
            "trigger": run.trigger.value,
            "result": run.result.value,
            "seconds": round(run.seconds, 3),
            "plan": None if run.plan is None else dict(run.plan.summary),
            "report": None if run.report is None else dict(run.report.summary),
            "errors": [problem.to_json() for problem in problems[:_SHOWN]],
            "next_in": round(event.next_in, 3),
            "failures": event.failures,
        }
        next_run = "" if run.result == "interrupted" else f"; next run in {human_time(event.next_in)}"
        text = f"{run.trigger}: {run.result.replace('_', ' ')}{_sums(run)} ({human_time(run.seconds)}){next_run}"
        self._write(line, text)
        style = self._console.style(self._console.stderr)
        self._console.error_lines(
            [self._console.redact(problem_text(problem, style)) for problem in problems[:_SHOWN]]
        )
        if len(problems) > _SHOWN:
            self._console.error(f"and {len(problems) - _SHOWN} more problems")

    def stopped(self, *, is_interrupted: bool) -> None:
        """The process is about to end."""
        text = "stopped during a run" if is_interrupted else "stopped"
        self._write({"type": "stopped", "interrupted": is_interrupted}, text)

    def _write(self, line: Mapping[str, object], text: str) -> None:
        time = format_time(self._now().replace(microsecond=0))
        if self.events is not None:
            self.events.write({"type": line["type"], "time": time, **line})
        else:
            self._console.out(self._console.redact(f"{time} {escape(text)}"))


def _sums(run: WatchRun) -> str:
    """The sums of the report, or those of the plan where nothing was to be done."""
    if run.report is not None:
        sums: Mapping[str, int] = run.report.summary
    elif run.plan is not None:
        sums = run.plan.summary
    else:
        return ""
    shown = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in sums.items() if number)
    return f": {shown}" if shown else ": no projects"


def _problems(run: WatchRun) -> list[Problem]:
    """The error of the run, and each project that failed or, after an apply, is blocked."""
    found = [] if run.error is None else list(run.error.problems)
    if run.report is not None:
        return found + [result.error for result in run.report.results if result.error is not None]
    if run.plan is not None:
        failed = (one.problem for one in run.plan.judged if one.verdict == "failed" and one.problem is not None)
        found += islice(failed, _SHOWN + 1)
    return found
