"""Sighting: the record, kept in the storage, that a project exists. A webhook or an import names the project.

A sighting proves nothing about the state of a project: every decision asks the API. It has no links and no
secrets.
Merging is the same in any order and any number of times, so that repeated, late and concurrent deliveries of
events are harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mhsync.core.project import format_time, is_valid_id, parse_time
from mhsync.core.redaction import without_queries
from mhsync.dataclass import dataclass
from mhsync.errors import SightingInvalid

VERSION = 1
TEXT_MAX = 1000
"""Characters of a name; the rest is cut off. The API states no limit."""
WORD_MAX = 100
"""Characters of an event, a type or a status."""
_FINAL = frozenset({"complete", "error", "canceled"})
"""Statuses that no other status follows."""
_FINAL_EVENTS = frozenset({"audio.completed", "audio.errored"})
_HINT = "examine the file under .mhsync/inbox/; the next event of the project replaces it"
_NEWER_HINT = "upgrade mhsync"
_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is known of a project from events and imports. All times are UTC."""

    id: str
    first_seen: datetime
    """The time of the earliest event, as its sender signed it; for an import, the time of the import."""
    last_seen: datetime
    event: str | None = None
    """The type of the last event, such as `audio.completed`; None for an import."""
    event_at: datetime | None = None
    """The time of the last event."""
    name: str | None = None
    type: str | None = None
    status: str | None = None
    """As the last event states it. The API may have another one by now."""
    extra: Mapping[str, Any] = field(default_factory=lambda: _EMPTY, hash=False)
    """Keys that this version does not know; they are kept."""

    @classmethod
    def of_event(cls, event: str, payload: Mapping[str, Any], at: datetime) -> Sighting:
        """The sighting that one event makes.

        Only the id is required: the examples of the vendor's guide leave fields out. Other fields of a wrong type
        are ignored.

        Args:
            event: the type of the event.
            payload: the details of the project.
            at: the time that the sender signed.

        Raises:
            ValueError: the payload has no valid id.
        """
        at = _storable(at)
        return cls(_id_of(payload), at, at, event[:WORD_MAX], at, *_texts(payload))

    @classmethod
    def of_import(cls, details: Mapping[str, Any], at: datetime) -> Sighting:
        """The sighting of a project that a file names.

        Args:
            details: at least `id`; also `name`, `type` and `status`, if they are known.
            at: the time of the import.

        Raises:
            ValueError: the details have no valid id.
        """
        at = _storable(at)
        return cls(_id_of(details), at, at, None, None, *_texts(details))

    @property
    def is_final(self) -> bool:
        """Whether the last event ended the render."""
        return self.event in _FINAL_EVENTS or self.status in _FINAL

    def merged(self, other: Sighting) -> Sighting:
        """This sighting and another one of the same project in one.

        The last event is the one that ended the render, if there is one. Events are delivered again with a new
        time stamp: an old `audio.started` may have the later one. Of two events of a kind, the later one is the
        last. An event replaces an import.

        Raises:
            ValueError: the other sighting is of another project.
        """
        if self.id != other.id:
            raise ValueError(f"sightings of two projects: {self.id} and {other.id}")
        older, newer = sorted((self, other), key=Sighting._order)
        return replace(
            newer,
            first_seen=min(self.first_seen, other.first_seen),
            last_seen=max(self.last_seen, other.last_seen),
            name=older.name if newer.name is None else newer.name,
            type=older.type if newer.type is None else newer.type,
            status=older.status if newer.status is None else newer.status,
            extra=MappingProxyType({**older.extra, **newer.extra}),
        )

    def _order(self) -> tuple[bool, bool, float, str, str, str, str]:
        """What decides which of two sightings has the last event: total, so that both orders give the same."""
        at = 0.0 if self.event_at is None else self.event_at.timestamp()
        words = (self.event or "", self.status or "", self.name or "", self.type or "")
        return (self.is_final, self.event is not None, at, *words)

    def to_json(self) -> dict[str, Any]:
        """The sighting as it is written (`schemas/sighting.schema.json`)."""
        return {
            **self.extra,
            "version": VERSION,
            "id": self.id,
            "first_seen": format_time(self.first_seen),
            "last_seen": format_time(self.last_seen),
            "event": self.event,
            "event_at": None if self.event_at is None else format_time(self.event_at),
            "name": self.name,
            "type": self.type,
            "status": self.status,
        }

    @classmethod
    def from_json(cls, data: object, *, expected_id: str) -> Sighting:
        """Read a sighting strictly.

        Raises:
            SightingInvalid: it is not a sighting, is the sighting of another id, or its version is not supported.
        """
        if not isinstance(data, dict):
            raise _invalid(expected_id, "is not a JSON object")
        version = data.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise _invalid(expected_id, "has an invalid or missing 'version'")
        if version > VERSION:
            what = f"has version {version}, and this mhsync reads version {VERSION}"
            raise _invalid(expected_id, what, is_newer=True)
        if data.get("id") != expected_id:
            raise _invalid(expected_id, "has the id of another project")
        return cls(
            expected_id,
            _required(expected_id, "first_seen", _moment(data, expected_id, "first_seen")),
            _required(expected_id, "last_seen", _moment(data, expected_id, "last_seen")),
            _text(data, expected_id, "event"),
            _moment(data, expected_id, "event_at"),
            _text(data, expected_id, "name"),
            _text(data, expected_id, "type"),
            _text(data, expected_id, "status"),
            MappingProxyType({key: value for key, value in data.items() if key not in _KNOWN}),
        )


_KNOWN = frozenset({"version", "id", "first_seen", "last_seen", "event", "event_at", "name", "type", "status"})


def _id_of(details: Mapping[str, Any]) -> str:
    id_ = details.get("id")
    if not isinstance(id_, str) or not is_valid_id(id_):
        raise ValueError("there is no valid id")
    return id_


def _storable(moment: datetime) -> datetime:
    """The time as it is read back: times are written with milliseconds at most."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _texts(details: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Name, type and status, without the queries of URLs, at a bounded length."""
    limits = {"name": TEXT_MAX, "type": WORD_MAX, "status": WORD_MAX}
    name, type_, status = (_shortened(details.get(key), limit) for key, limit in limits.items())
    return name, type_, status


def _shortened(value: object, limit: int) -> str | None:
    return without_queries(value)[:limit] if isinstance(value, str) and value else None


def _text(data: Mapping[str, Any], id: str, name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise _invalid(id, f"has an invalid {name!r}")
    return value


def _moment(data: Mapping[str, Any], id: str, name: str) -> datetime | None:
    text = _text(data, id, name)
    try:
        return None if text is None else parse_time(text)
    except (ValueError, OverflowError):
        raise _invalid(id, f"has an invalid {name!r}") from None


def _required(id: str, name: str, moment: datetime | None) -> datetime:
    if moment is None:
        raise _invalid(id, f"has no {name!r}")
    return moment


def _invalid(id: str, what: str, *, is_newer: bool = False) -> SightingInvalid:
    hint = _NEWER_HINT if is_newer else _HINT
    return SightingInvalid(f"the sighting of {id} {what}", id=id, hint=hint, is_newer=is_newer)
