"""Collects the events of a run and sends one message at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mhsync import Event
from mhsync_apprise.message import Digest, Result
from mhsync_apprise.services import Services


class AppriseNotifier:
    """Collects the events that `on:` includes, and sends one message at `run.finished`.

    No message is sent for a run in which all projects are unchanged.
    """

    def __init__(self, services: Services, link: str | None) -> None:
        self._services = services
        self._link = link
        self._results: dict[str, Result] = {}

    def notify(self, event: Event) -> None:
        """Store the outcome of a project. At the end of the run, send the message.

        Raises:
            MhsyncError: a service did not accept the message. The text names the service, without its URL.
        """
        if event.outcome is not None and event.subject is not None:
            self._results[event.subject] = Result(event.subject, event.outcome, _reason(event.data))
        elif event.name == "run.finished":
            self._send(event.data)

    def _send(self, report: Mapping[str, Any]) -> None:
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
