"""Inbox: a WSGI application that records deliveries of webhooks as sightings.

It needs only the standard library, so that it runs on any WSGI server and serverless. It never calls out and never
deletes. A delivery that is not authentic changes nothing; one that arrives again changes nothing either.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mhsync.core.webhook import EventInvalid, is_authentic, read_event, signed_time
from mhsync.errors import MhsyncError, UsageError
from mhsync.settings import InboxSettings
from mhsync.storage.base import Storage
from mhsync.storage.sightings import Sightings

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

PATH = "/webhook"
_CHUNK = 64 * 1024
_SIGNATURE = "HTTP_MAGIC_HOUR_EVENT_SIGNATURE"
_TIMESTAMP = "HTTP_MAGIC_HOUR_EVENT_TIMESTAMP"


class _Refused(Exception):
    """A request that is answered with an error. The sender learns the status and nothing else.

    Args:
        reason: for the log of this machine.
    """

    def __init__(self, status: HTTPStatus, reason: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers


def ignore_sighting(id: str, /) -> None:
    """A callback of `Inbox` that does nothing."""


class Inbox:
    """A WSGI application: `POST /webhook` records a delivery in every storage, then answers 200.

    The answer follows once the sighting is durable in all storages. The vendor repeats a delivery that was not
    answered with 2xx for up to 24 hours. The application may be called from several threads.

    Args:
        storages: where to record sightings.
        secrets: of the webhook: the current one, and the previous one while it is rotated.
        now: the current time in UTC.
        on_sighting: called with the id of a project after its sighting became durable, for each delivery. It is
            called on the thread of the request, so it must return at once.
        settings: bounds.
        clock: seconds from any origin, for the time that a sender may take.

    Raises:
        UsageError: there is no secret, or no storage.
    """

    def __init__(
        self,
        storages: Sequence[Storage],
        secrets: Sequence[str],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_sighting: Callable[[str], object] = ignore_sighting,
        settings: InboxSettings = InboxSettings(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not secrets or not all(secrets):
            raise UsageError("the inbox has no webhook secret", hint="pass the secret of the webhook")
        if not storages:
            raise UsageError("the inbox has no storage", hint="pass at least one storage")
        self._sightings = [Sightings(storage, limit=settings.sighting_max) for storage in storages]
        self._secrets = tuple(secrets)
        self._now = now
        self._on_sighting = on_sighting
        self._settings = settings
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as PEP 3333 describes it."""
        try:
            self._receive(environ)
        except _Refused as refused:
            log.info("a request was refused with %d: %s", refused.status, refused)
            return _respond(start_response, refused.status, refused.headers)
        return _respond(start_response, HTTPStatus.OK)

    def _receive(self, environ: WSGIEnvironment) -> None:
        """Check one delivery, and record it.

        Raises:
            _Refused: it is not one, or it could not be recorded.
        """
        if environ.get("PATH_INFO") != PATH:
            raise _Refused(HTTPStatus.NOT_FOUND, "another path")
        if environ.get("REQUEST_METHOD") != "POST":
            raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED, "another method", (("Allow", "POST"),))
        timestamp = environ.get(_TIMESTAMP, "")
        at = signed_time(timestamp, self._now(), tolerance=self._settings.clock_tolerance)
        if at is None:
            raise _Refused(HTTPStatus.UNAUTHORIZED, "its time stamp is missing, invalid or too far from the clock")
        body = _Body(environ, self._settings, self._clock).read()
        if not is_authentic(environ.get(_SIGNATURE, ""), timestamp, body, self._secrets):
            raise _Refused(HTTPStatus.UNAUTHORIZED, "its signature is missing or does not match")
        try:
            sighting = read_event(body, at)
        except EventInvalid as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, f"the event cannot be read: {error}") from None
        if sighting is None:
            return  # An event of a video or an image: an error would make the vendor send it again.
        try:
            for sightings in self._sightings:
                sightings.record(sighting)
        except MhsyncError as error:
            log.warning("the sighting of %s could not be recorded: %s", sighting.id, error.message, exc_info=error)
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, "it could not be recorded") from None
        log.info("sighted %s (%s)", sighting.id, sighting.event)
        self._on_sighting(sighting.id)


class _Body:
    """Reads the body of a request: bounded in size and in time, whatever its headers state."""

    def __init__(self, environ: WSGIEnvironment, settings: InboxSettings, clock: Callable[[], float]) -> None:
        self._input: InputStream = environ["wsgi.input"]
        self._length = environ.get("CONTENT_LENGTH") or ""
        self._is_terminated = bool(environ.get("wsgi.input_terminated"))
        self._limit = settings.body_max
        self._clock = clock
        self._until = clock() + settings.request_timeout

    def read(self) -> bytes:
        """The whole body.

        Raises:
            _Refused: it is too large, too slow, or shorter than announced.
        """
        length = self._announced()
        # Without a length, the input is read only if the server marks its end: else the read would block.
        data = self._up_to(self._limit + 1 if length is None else length)
        if len(data) > self._limit:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "its body is too large")
        if length is not None and len(data) < length:
            raise _Refused(HTTPStatus.BAD_REQUEST, "its body is shorter than announced")
        return data

    def _announced(self) -> int | None:
        if not self._length:
            if self._is_terminated:
                return None
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "it announces no length")
        if not (self._length.isascii() and self._length.isdigit()):
            raise _Refused(HTTPStatus.BAD_REQUEST, "its length is invalid")
        if len(self._length) > 12 or int(self._length) > self._limit:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "its body is too large")
        return int(self._length)

    def _up_to(self, count: int) -> bytes:
        parts: list[bytes] = []
        try:
            while count > 0 and (part := self._input.read(min(count, _CHUNK))):
                parts.append(part)
                count -= len(part)
                if self._clock() > self._until:
                    raise _Refused(HTTPStatus.REQUEST_TIMEOUT, "its body arrives too slowly")
        except OSError as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, f"its body ended early: {error}") from None
        return b"".join(parts)


def _respond(
    start_response: StartResponse, status: HTTPStatus, headers: Sequence[tuple[str, str]] = ()
) -> Iterable[bytes]:
    """Send a response whose only content is the phrase of its status, in the form of the vendor's document."""
    body = json.dumps({"message": status.phrase}).encode()
    fields: list[Any] = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers]
    start_response(f"{status.value} {status.phrase}", fields)
    return [body]
