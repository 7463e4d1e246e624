"""Collecting a run's events, and sending one message when it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mhsync import Event
from mhsync_apprise.message import Digest, Result
from mhsync_apprise.services import Services


class AppriseNotifier:
    """Hears the events that `on:` lets through, and tells of them once, at `run.finished`.

    mhsync sends `project.unchanged` for no project that needed nothing: a run in which nothing happened is told to
    nobody.
    """

    def __init__(self, services: Services, link: str | None) -> None:
        self._services = services
        self._link = link
        self._results: dict[str, Result] = {}

    def notify(self, event: Event) -> None:
        """Remember a project's outcome; at the end of the run, send the message.

        Raises:
            MhsyncError: a service did not take it; the message names the service and nothing of its URL.
        """
        if event.outcome is not None and event.subject is not None:
            self._results[event.subject] = Result(event.subject, event.outcome, _reason(event.data))
        elif event.name == "run.finished":
            self._tell(event.data)

    def _tell(self, report: Mapping[str, Any]) -> None:
        results, self._results = self._results, {}
        if not any(result.outcome != "unchanged" for result in results.values()):
            return
        self._services.send(
            Digest(
                results=tuple(results.values()),
                summary=dict(report.get("summary", {})),
                exit=int(report.get("exit", 0)),
                link=self._link,
            )
        )


def _reason(result: Mapping[str, Any]) -> str:
    error = result.get("error")
    return str(error.get("message", "")) if isinstance(error, Mapping) else ""
