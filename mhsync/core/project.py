"""Project: the details of one audio project, as the API returns them (`GET /v1/audio-projects/{id}`).

The API uses snake_case. The vendor's TypeScript SDK shows camelCase, which users paste, so both are read and
snake_case is written. The API may add types, statuses and fields without notice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from mhsync.core.redaction import values_without_queries, without_queries, without_query
from mhsync.dataclass import dataclass

T = TypeVar("T")

ID_PATTERN = r"[A-Za-z0-9_-]{1,128}"
_ID = re.compile(ID_PATTERN)
_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


class Status(StrEnum):
    """The status of a render. `UNKNOWN` is any other status of the API; no action follows it."""

    DRAFT = "draft"
    QUEUED = "queued"
    RENDERING = "rendering"
    COMPLETE = "complete"
    ERROR = "error"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


RENDERING = frozenset({Status.QUEUED, Status.RENDERING})
FAILED = frozenset({Status.ERROR, Status.CANCELED})
_KNOWN_STATUSES = {status.value: status for status in Status if status is not Status.UNKNOWN}


class DetailsInvalid(ValueError):
    """Details that do not match the documentation of the API; the message names the field."""


def is_valid_id(text: str) -> bool:
    """Whether the text can be an id: 1 to 128 of `A-Z a-z 0-9 _ -`."""
    return _ID.fullmatch(text) is not None


def are_same_sources(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two lists have the same outputs, each as often, in any order."""
    return sorted(one) == sorted(other)


@dataclass(frozen=True, slots=True)
class Download:
    """One output of a project in the response of the API.

    The query of `url` is a secret, and the URL expires 24 hours after the response. `source` identifies the output
    permanently.
    """

    url: str = field(repr=False)
    expires_at: datetime | None = None

    @property
    def source(self) -> str:
        return without_query(self.url)


@dataclass(frozen=True, slots=True)
class ProjectError:
    """Why a render failed, as the API reports it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Project:
    """The details of one audio project.

    `status` is a status that mhsync knows (`Status.UNKNOWN` for another one), `status_text` the text of the API.
    `extra` has the fields that this version does not know, unchanged: they may contain signed links. In all other
    texts the query of every URL was removed.
    """

    id: str
    status: Status
    status_text: str
    type: str | None = None
    name: str | None = None
    created_at: datetime | None = None
    enabled: bool = True
    credits_charged: int | None = None
    downloads: tuple[Download, ...] = ()
    error: ProjectError | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False, repr=False)

    @property
    def is_gone(self) -> bool:
        """The API reports a deleted project with `enabled: false`."""
        return not self.enabled

    @property
    def is_rendering(self) -> bool:
        return self.status in RENDERING

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of the outputs: their URLs without the query, in order. One may occur twice."""
        return tuple(download.source for download in self.downloads)

    @classmethod
    def from_json(
        cls, data: object, *, expected_id: str | None = None, most_outputs: int | None = None
    ) -> Project:
        """Read the body of a `GET`.

        Optional fields may be missing. A known field of a wrong type, the id of another project, or more than
        `most_outputs` outputs are an error.

        Raises:
            DetailsInvalid: the message names the field and its value.
        """
        if not isinstance(data, Mapping):
            raise DetailsInvalid(f"the details are {_kind(data)}, not an object")
        fields = {_snake(key): value for key, value in data.items()}
        id_ = _text(fields, "id")
        status_text = _text(fields, "status")
        if id_ is None or status_text is None:
            raise DetailsInvalid(f"the details have no {'id' if id_ is None else 'status'}")
        if expected_id is not None and id_ != expected_id:
            raise DetailsInvalid(f"the details are of another project: {id_!r:.80}")
        enabled = _typed(fields, "enabled", bool)
        return cls(
            id=id_,
            status=_KNOWN_STATUSES.get(status_text, Status.UNKNOWN),
            status_text=status_text,
            type=_text(fields, "type"),
            name=_text(fields, "name"),
            created_at=_moment(fields, "created_at"),
            enabled=True if enabled is None else enabled,
            credits_charged=_typed(fields, "credits_charged", int),
            downloads=_downloads(fields, most_outputs),
            error=_error(fields),
            extra=MappingProxyType({k: v for k, v in data.items() if _snake(k) not in _KNOWN_FIELDS}),
        )

    def to_json(self, *, show_urls: bool = False) -> dict[str, Any]:
        """The project as the API writes it (snake_case). The query of URLs is removed unless `show_urls`."""
        return {
            "id": self.id,
            "name": self.name,
            "status": self.status_text,
            "type": self.type,
            "created_at": None if self.created_at is None else format_time(self.created_at),
            "enabled": self.enabled,
            "credits_charged": self.credits_charged,
            "downloads": [
                {
                    "url": download.url if show_urls else download.source,
                    "expires_at": None if download.expires_at is None else format_time(download.expires_at),
                }
                for download in self.downloads
            ],
            "error": None if self.error is None else {"code": self.error.code, "message": self.error.message},
            **self.shown_extra(show_urls=show_urls),
        }

    def shown_extra(self, *, show_urls: bool = False) -> dict[str, Any]:
        """The fields that this version does not know. The query of URLs is removed unless `show_urls`."""
        extra: Any = dict(self.extra) if show_urls else values_without_queries(self.extra)
        return dict(extra)


_KNOWN_FIELDS = frozenset(
    {"id", "name", "status", "type", "created_at", "enabled", "credits_charged", "downloads", "error"}
)
_SNAKE = _KNOWN_FIELDS | {"url", "expires_at"}
"""Names that are in snake_case already."""


def parse_time(text: str) -> datetime:
    """Read a time of the API. A time without a zone is UTC.

    Raises:
        ValueError: the text is not an ISO 8601 date and time.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def format_time(moment: datetime) -> str:
    """A time as the API writes it: UTC, with `Z`, and with milliseconds unless they are zero."""
    precision = "milliseconds" if moment.microsecond >= 1000 else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _snake(key: object) -> str:
    if key in _SNAKE:
        return str(key)
    return _CAMEL_HUMP.sub(r"_\1", str(key)).lower()


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)


def _typed(fields: Mapping[str, object], name: str, wanted: type[T]) -> T | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise DetailsInvalid(f"{name} is {_kind(value)}")
    return value


def _text(fields: Mapping[str, object], name: str) -> str | None:
    """A text of the API, without the queries of its URLs: a signed query is a secret."""
    text = _typed(fields, name, str)
    return None if text is None else without_queries(text)


def _moment(fields: Mapping[str, object], name: str) -> datetime | None:
    text = _typed(fields, name, str)
    if text is None:
        return None
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        raise DetailsInvalid(f"{name} is not a time: {without_queries(text)!r:.60}") from None


def _downloads(fields: Mapping[str, object], most: int | None) -> tuple[Download, ...]:
    items = _typed(fields, "downloads", list) or []
    if most is not None and len(items) > most:
        raise DetailsInvalid(f"downloads has {len(items)} outputs: at most {most} are accepted")
    found: list[Download] = []
    for item in items:
        if not isinstance(item, Mapping):
            raise DetailsInvalid(f"downloads contains {_kind(item)}")
        entry = {_snake(key): value for key, value in item.items()}
        url = _typed(entry, "url", str)
        if not url:
            raise DetailsInvalid("a download has no url")
        try:
            without_query(url).encode()  # Half of a surrogate pair cannot be encoded.
        except ValueError:
            raise DetailsInvalid("a download's url cannot be read") from None
        found.append(Download(url, _moment(entry, "expires_at")))
    return tuple(found)


def _error(fields: Mapping[str, object]) -> ProjectError | None:
    error = fields.get("error")
    if error is None:
        return None
    if not isinstance(error, Mapping):
        raise DetailsInvalid(f"error is {_kind(error)}")
    return ProjectError(_text(error, "code") or "unknown", _text(error, "message") or "")
