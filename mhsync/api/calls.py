"""GET and DELETE of one project, with retries. A GET checks a DELETE whose response was lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING
from urllib.parse import quote

from mhsync.api.address import Address
from mhsync.api.errors import MalformedResponse, RequestNotSent
from mhsync.api.headers import parse_date, parse_retry_after
from mhsync.api.late_transport import LateTransport
from mhsync.api.rate_limiter import RateLimiter
from mhsync.api.responses import ErrorFormatter, parse_project, redirect_error
from mhsync.api.retry import Attempts, with_retries
from mhsync.api.server_clock import ServerClock
from mhsync.api.timing import Time
from mhsync.core.project import Project
from mhsync.dataclass import dataclass
from mhsync.errors import ApiError, ConnectionFailed, ProjectNotFound, ResponseInvalid, ServerFailed
from mhsync.settings import HttpSettings

if TYPE_CHECKING:
    from mhsync.api.transport import HttpResponse

PROBE_ID = "mhsync-doctor"
"""No project of the API has this id: real ones have another form."""
_READ_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A response of the API with its body, which is None where it was larger than the limit."""

    http: HttpResponse
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls to the API. `headers` contain the API key: they are sent only to `base`."""

    transport: LateTransport
    rate_limiter: RateLimiter
    settings: HttpSettings
    time: Time
    base: Address
    errors: ErrorFormatter
    headers: Mapping[str, str] = field(repr=False)
    server_clock: ServerClock = field(default_factory=ServerClock)

    def get(self, id: str) -> Project:
        """GET one project; see `Client.get`."""
        return with_retries(self._new_attempts(), lambda attempts: self._get_once(id, attempts))

    def delete(self, id: str) -> bool:
        """DELETE one project; see `Client.delete`."""
        deletion = _Deletion(self, id)
        try:
            return with_retries(self._new_attempts(), deletion.send)
        except (ConnectionFailed, ServerFailed, ResponseInvalid):
            if deletion.may_be_done and self.is_gone(id):
                return True
            raise

    def probe(self) -> float | None:
        """GET a project that does not exist; see `Client.probe`."""
        return with_retries(self._new_attempts(), self._probe_once)

    def exchange(self, method: str, id: str, attempts: Attempts) -> ApiResponse:
        """Send one request and read its response.

        Raises:
            ApiError: one of its subclasses, also for every status other than 200 and 204.
        """
        response = self._send(method, id, attempts)
        self._raise_for_status(method, id, response)
        return response

    def _raise_for_status(self, method: str, id: str, response: ApiResponse) -> None:
        status = response.http.status
        if 300 <= status < 400:
            raise redirect_error(method, id, response.http)
        if status not in (200, 204):
            raise self.errors.status_error(method, id, status, response.body)

    def _probe_once(self, attempts: Attempts) -> float | None:
        response = self._send("GET", PROBE_ID, attempts)
        if response.http.status != 404:
            self._raise_for_status("GET", PROBE_ID, response)
        return parse_date(response.http.header("date"))

    def _send(self, method: str, id: str, attempts: Attempts) -> ApiResponse:
        base = self.base
        path = f"{base.path}/v1/audio-projects/{quote(id, safe='')}"
        address = Address(base.scheme, base.host, base.port, path)
        with self.rate_limiter.permit(self.base.origin, attempts.made) as permit:
            attempts.exclude_wait(permit.waited)
            timeout = attempts.read_timeout
            with self.transport.send(
                method, address, self.headers, read_timeout=timeout, body_timeout=2 * timeout
            ) as response:
                date, now = response.header("date"), self.time.wall()
                self.server_clock.record(date, now)
                wait = parse_retry_after(response.header("retry-after"), date, now)
                permit.record_response(response.status, wait)
                body = self._read_body(response)
        return ApiResponse(response, body)

    def _new_attempts(self) -> Attempts:
        return Attempts(self.settings, self.time, self.base.origin)

    def _get_once(self, id: str, attempts: Attempts) -> Project:
        response = self.exchange("GET", id, attempts)
        return parse_project(response.http, response.body, id, self.errors, outputs_max=self.settings.outputs_max)

    def _read_body(self, response: HttpResponse) -> bytes | None:
        """The body, or None where it is larger than the limit; the rest of it is not read then."""
        limit, length = self.settings.answer_max, response.length
        if length is not None and length > limit:
            return None
        body = b""
        # The piece that ends an announced length was checked to be the last one.
        while len(body) != length and (piece := response.read(_READ_MAX)):
            self.time.check()
            body += piece
            if len(body) > limit:
                return None
        return body

    def is_gone(self, id: str, attempts: Attempts | None = None) -> bool:
        """Whether a GET shows that a project is deleted; False also where the GET fails.

        Args:
            attempts: those of a DELETE, to send a single GET as part of them; None retries the GET.
        """
        try:
            return (self.get(id) if attempts is None else self._get_once(id, attempts)).is_gone
        except ProjectNotFound:
            return True
        except ApiError:
            return False


@dataclass(slots=True)
class _Deletion:
    """A DELETE over its attempts. An attempt without a valid response may have succeeded: a GET checks it."""

    calls: Calls
    id: str
    may_be_done: bool = False

    def send(self, attempts: Attempts) -> bool:
        """Send the DELETE once; True where it deleted the project."""
        if self.may_be_done and self.calls.is_gone(self.id, attempts):
            return True
        try:
            response = self.calls.exchange("DELETE", self.id, attempts)
            if response.http.status == 200 and response.body != b"":
                # The API sends no body. A body may come from a proxy, so a GET checks the project.
                raise MalformedResponse(
                    f"DELETE of {self.id}: the API returned 200 with an unexpected body", status=200, id=self.id
                )
        except ProjectNotFound:
            return self.may_be_done
        except (ConnectionFailed, ServerFailed, ResponseInvalid) as error:
            self.may_be_done = self.may_be_done or not isinstance(error, RequestNotSent)
            raise
        return True
