"""ProjectInfo: what people know a project by. No decision and no path depends on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mhsync.core.manifest import NO_LABELS, Labels
from mhsync.core.project import format_time
from mhsync.core.redaction import without_queries
from mhsync.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """Name, type and creation time of the API, or else of the receipt; and the labels of the manifest.

    The texts come from outside: whatever prints them escapes them.
    """

    name: str | None = None
    type: str | None = None
    created_at: datetime | None = None
    size: int | None = None
    """Bytes of all outputs; None if one of them was never stored."""
    labels: Labels = NO_LABELS

    def to_json(self) -> dict[str, Any]:
        """The value of `project` in JSON documents, without the query of any URL."""
        return {
            "name": self.name,
            "type": self.type,
            "created_at": None if self.created_at is None else format_time(self.created_at),
            "size": self.size,
            **labels_json(self.labels),
        }


NO_INFO = ProjectInfo()


def labels_json(labels: Labels) -> dict[str, Any]:
    """The labels for JSON documents. `name` is there the name in the account, so the manifest's is `label`."""
    return {
        "label": None if labels.name is None else without_queries(labels.name),
        "note": None if labels.note is None else without_queries(labels.note),
        "tags": list(labels.tags),
    }
