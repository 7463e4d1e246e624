"""Event: what happened, as a CloudEvents 1.0 value; Notifier: receives events.

Events are sent once the receipt is written, at best once: the receipts are the audit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Protocol

from mhsync.core.project import format_time
from mhsync.dataclass import dataclass

RUN_STARTED = "run.started"
RUN_FINISHED = "run.finished"
PREFIX = "mhsync."


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `name` is `run.started`, `project.<outcome>` or `run.finished`. `id` is the same when the same thing is
    sent again, so that a receiver can drop repeats.
    """

    id: str
    name: str
    source: str
    """The API's origin."""
    time: datetime
    subject: str | None = None
    """The project's id; None for the run's own events."""
    data: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """For a project its entry in the report's `results`; for `run.finished` the report itself."""

    @property
    def type(self) -> str:
        """The CloudEvents type, such as `mhsync.project.downloaded`."""
        return PREFIX + self.name

    @property
    def outcome(self) -> str | None:
        """The project's outcome, or None for the run's own events."""
        kind, _, outcome = self.name.partition(".")
        return outcome if kind == "project" else None

    def to_json(self) -> dict[str, Any]:
        """The event in CloudEvents' JSON form (`schemas/event.schema.json`)."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "type": self.type,
            "source": self.source,
            "time": format_time(self.time),
            **({"subject": self.subject} if self.subject is not None else {}),
            "datacontenttype": "application/json",
            "data": dict(self.data),
        }


def event_id(*parts: str) -> str:
    """A stable id out of what the event is about: project, action and the receipt's own time."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


class Notifier(Protocol):
    """What a plugin's `mhsync_notifier_schemes` factories return."""

    def notify(self, event: Event) -> None:
        """Send one event. Called from one thread, `run.finished` last.

        What it raises is logged with the plugin's name and never fails a sync.
        """
