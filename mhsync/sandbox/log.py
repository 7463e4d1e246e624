"""The requests that a sandbox received, for tests."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

from mhsync.dataclass import dataclass

KEPT = 200_000
"""Maximum number of entries; the oldest are dropped first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    `path` has no query, since the query is a secret. `status` is None if no response was sent. `has_key`: the URL
    or a header contained the API key.
    """

    host: str
    method: str
    path: str
    id: str
    status: int | None
    has_authorization: bool
    has_key: bool
    range: str | None = None
    fault: str | None = None


class RequestLog:
    """All requests in the order of their responses. It may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=KEPT)

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def all(self) -> tuple[Entry, ...]:
        with self._lock:
            return tuple(self._entries)

    def of(
        self,
        host: str | None = None,
        method: str | None = None,
        id: str | None = None,
        status: int | None = None,
    ) -> tuple[Entry, ...]:
        """The requests that match all given values."""
        return tuple(
            entry
            for entry in self.all()
            if (host is None or entry.host == host)
            and (method is None or entry.method == method)
            and (id is None or entry.id == id)
            and (status is None or entry.status == status)
        )

    @property
    def leaks(self) -> tuple[Entry, ...]:
        """Requests to the file host that contained the API key or an Authorization header."""
        return tuple(entry for entry in self.of("files") if entry.has_key or entry.has_authorization)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.all())

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)
