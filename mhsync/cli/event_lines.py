"""`--format ndjson`: a JSON object on each line, as things happen. The first line names the format."""

from __future__ import annotations

import json
from collections.abc import Mapping

from mhsync import __version__
from mhsync.cli.console import Console
from mhsync.core.plan import Plan
from mhsync.core.run_report import Report
from mhsync.reconcile.progress import (
    ProgressEvent,
    ProjectFinished,
    RetryDelayed,
    StorageLocked,
    WaitingForRenders,
    Warned,
)

FORMAT = "mhsync.events/1"


class EventLines:
    """An observer that writes each event as a line; a reader that ends early does not stop the run.

    Args:
        console: where to write.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self.write({"format": FORMAT, "mhsync": __version__})

    def __call__(self, event: ProgressEvent) -> None:
        """Write one event; called by the run, from any thread."""
        match event:
            case ProjectFinished(result):
                self.write({"type": "result", **result.to_json()})
            case WaitingForRenders(pending, seconds):
                self.write({"type": "waiting", "pending": pending, "seconds_left": round(seconds, 3)})
            case RetryDelayed(notice):
                seconds = round(notice.seconds, 3)
                self.write({"type": "retry", "origin": notice.origin, "reason": notice.reason, "seconds": seconds})
            case StorageLocked(holder):
                self.write({"type": "locked", "holder": holder})
            case Warned(message):
                self.write({"type": "warning", "message": message})

    def plan(self, plan: Plan) -> None:
        """Write the sums of the plan that is to be applied."""
        self.write({"type": "plan", "fingerprint": plan.fingerprint, "summary": dict(plan.summary)})

    def report(self, report: Report, code: int) -> None:
        """Write the sums of the run and its exit code: the last line."""
        self.write({"type": "report", "summary": dict(report.summary), "exit": int(code)})

    def write(self, line: Mapping[str, object]) -> None:
        """Write one line. Secrets are removed."""
        self._console.has_document = True
        self._console.out(self._console.redact(json.dumps(line)))
