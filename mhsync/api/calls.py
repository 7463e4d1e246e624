"""One call to the API: the request, its attempts, and what came of the last one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from mhsync.api.address import Address
from mhsync.api.answers import ErrorFormatter, project_of, redirect_error, retry_after
from mhsync.api.rate_limiter import RateLimiter
from mhsync.api.retry import Attempts, MalformedResponse, NotSent, repeated
from mhsync.api.timing import Time
from mhsync.api.transport import HttpResponse, Transport
from mhsync.core.project import Project
from mhsync.errors import AnswerInvalid, ApiError, ConnectionFailed, ProjectNotFound, ServerFailed
from mhsync.settings import HttpSettings

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """An answer of the API once it was read. `body` is None where it was larger than an answer may be."""

    answer: HttpResponse
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Calls:
    """What every call to the API shares. `headers` hold the key: they go to `base` and nowhere else."""

    transport: Transport
    rate_limiter: RateLimiter
    settings: HttpSettings
    time: Time
    base: Address
    words: ErrorFormatter
    headers: Mapping[str, str] = field(repr=False)

    def get(self, id: str) -> Project:
        """GET one project."""
        return repeated(self._attempts(), lambda attempts: self._get_once(id, attempts))

    def delete(self, id: str) -> bool:
        """DELETE one project; True when it was there until this call."""
        deletion = _Deletion(self, id)
        try:
            return repeated(self._attempts(), deletion.once)
        except (ConnectionFailed, ServerFailed, AnswerInvalid):
            if deletion.may_be_done and self.is_gone(id):
                return True
            raise

    def exchange(self, method: str, id: str, attempts: Attempts) -> ApiResponse:
        """Send one request and read its answer; statuses other than success are raised.

        Raises:
            ApiError: one of its leaves.
        """
        path = f"{self.base.path}/v1/audio-projects/{quote(id, safe='')}"
        address = replace(self.base, path=path)
        with self.rate_limiter.permit(self.base.origin, attempts.made) as permit:
            attempts.set_aside(permit.waited)
            timeout = attempts.read_timeout
            with self.transport.send(
                method, address, self.headers, read_timeout=timeout, body_timeout=2 * timeout
            ) as answer:
                permit.answered(answer.status, retry_after(answer, self.time.wall()))
                body = self._read(answer)
        if 300 <= answer.status < 400:
            raise redirect_error(method, id, answer)
        if answer.status not in (200, 204):
            raise self.words.error(method, id, answer.status, body)
        return ApiResponse(answer, body)

    def _attempts(self) -> Attempts:
        return Attempts(self.settings, self.time, self.base.origin)

    def _get_once(self, id: str, attempts: Attempts) -> Project:
        reply = self.exchange("GET", id, attempts)
        most = self.settings.outputs_max
        return project_of(reply.answer, reply.body, id, self.words, most_outputs=most)

    def _read(self, answer: HttpResponse) -> bytes | None:
        """The body, or None where it is larger than an answer may be: it is not read any further then."""
        limit = self.settings.answer_max
        if answer.length is not None and answer.length > limit:
            return None
        body = bytearray()
        while piece := answer.read(_PIECE):
            self.time.check()
            body += piece
            if len(body) > limit:
                return None
        return bytes(body)

    def is_gone(self, id: str, attempts: Attempts | None = None) -> bool:
        """Whether a project whose DELETE got no answer is gone; False where that cannot be known either.

        Args:
            attempts: those of the DELETE, to ask only once between two of them.
        """
        try:
            return (self.get(id) if attempts is None else self._get_once(id, attempts)).is_gone
        except ProjectNotFound:
            return True
        except ApiError:
            return False


@dataclass(slots=True)
class _Deletion:
    """A DELETE over its attempts. One whose answer was lost may have done it: a GET decides before the next."""

    calls: Calls
    id: str
    may_be_done: bool = False

    def once(self, attempts: Attempts) -> bool:
        if self.may_be_done and self.calls.is_gone(self.id, attempts):
            return True
        try:
            reply = self.calls.exchange("DELETE", self.id, attempts)
            if reply.answer.status == 200 and reply.body != b"":
                # The API answers without a body. What has one may be a proxy's: a GET decides.
                raise MalformedResponse(
                    f"DELETE of {self.id}: the API answered 200 with a body, which it never does",
                    status=200,
                    id=self.id,
                )
        except ProjectNotFound:
            return self.may_be_done
        except (ConnectionFailed, ServerFailed, AnswerInvalid) as error:
            self.may_be_done = self.may_be_done or not isinstance(error, NotSent)
            raise
        return True
