"""What was asked of the sandbox, for tests to look at while it runs."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

KEPT = 200_000
"""Entries at most; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    `path` has no query: that one is a secret. `status` is None where nothing was answered. `has_key` says that
    the API key stood anywhere in it.
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
    """All requests in the order in which they were answered; safe to use from any thread."""

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
        """The requests that fit everything that is said."""
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
        """Requests that carried the API key, or any other authorization, to the file host."""
        return tuple(entry for entry in self.of("files") if entry.has_key or entry.has_authorization)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.all())

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)
