"""What an answer of the API means: its status as an error, its body as a project."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from mhsync.api.retry import MalformedResponse
from mhsync.api.text import shown
from mhsync.api.transport import HttpResponse
from mhsync.core.project import DetailsInvalid, Project
from mhsync.errors import (
    AnswerInvalid,
    ApiError,
    AuthenticationFailed,
    PaymentRequired,
    PermissionDenied,
    ProjectNotFound,
    RateLimited,
    RequestInvalid,
    ServerFailed,
)

_ERRORS: dict[int, tuple[type[ApiError], str | None]] = {
    400: (RequestInvalid, "the API does not accept the request: look at the id"),
    401: (AuthenticationFailed, None),
    402: (PaymentRequired, "the account's plan or credits do not cover this"),
    403: (PermissionDenied, "neither the account's plan nor the key may allow this"),
    404: (ProjectNotFound, "the project was deleted, or belongs to another account than the key"),
    422: (RequestInvalid, "the API does not accept the request: look at the id"),
    429: (RateLimited, "ask less often: --rate caps the requests per second"),
}


@dataclass(frozen=True, slots=True)
class ErrorFormatter:
    """What error messages need to know: what must never stand in one, and where the key came from."""

    secrets: tuple[str, ...] = field(repr=False)
    key_from: str

    def error(self, method: str, id: str, status: int, body: bytes | None) -> ApiError:
        """The error for an answer whose status is not one of success."""
        kind, hint = _ERRORS.get(status, (ServerFailed if status >= 500 else AnswerInvalid, None))
        if status == 401:
            hint = f"check the API key (from {self.key_from})"
        elif kind is ServerFailed:
            hint = "the API has trouble: run again later"
        message = self._message(body)
        said = f": {message}" if message else ""
        return kind(f"{method} of {id}: the API answered {status}{said}", status=status, hint=hint, id=id)

    def show(self, text: str, limit: int = 300) -> str:
        """A foreign text, fit to be shown."""
        return shown(text, secrets=self.secrets, limit=limit)

    def _message(self, body: bytes | None) -> str:
        data = _json(body or b"")
        message = data.get("message") if isinstance(data, dict) else None
        return self.show(message) if isinstance(message, str) else ""


def redirect_error(method: str, id: str, answer: HttpResponse) -> ApiError:
    """Redirects of the API are not followed: the key goes to the API's own origin alone."""
    try:
        host = urlsplit(answer.header("location")).hostname or "another path"
    except ValueError:
        host = "somewhere unreadable"
    return AnswerInvalid(
        f"{method} of {id}: the API answered {answer.status}, a redirect to {shown(host, limit=100)}",
        status=answer.status,
        hint="redirects are not followed, so that the key goes nowhere else: check the API's address",
        id=id,
    )


def project_of(
    answer: HttpResponse, body: bytes | None, id: str, words: ErrorFormatter, *, most_outputs: int | None = None
) -> Project:
    """The project in the body of a GET.

    Raises:
        AnswerInvalid: there is none in it, or another one; `MalformedResponse` where it is not even JSON.
    """
    hint = f"check that {answer.address.origin} is the API"
    if body is None:
        raise AnswerInvalid(f"GET of {id}: the answer is too large to be a project", status=200, hint=hint, id=id)
    data = _json(body)
    if data is None:
        kind = words.show(answer.header("content-type").partition(";")[0], limit=60)
        what = f"the answer is {kind}, not JSON" if kind and "json" not in kind else "the answer is not JSON"
        raise MalformedResponse(f"GET of {id}: {what}", status=answer.status, hint=hint, id=id)
    try:
        return Project.from_json(data, expected_id=id, most_outputs=most_outputs)
    except DetailsInvalid as error:
        problem = words.show(str(error))
    raise AnswerInvalid(f"GET of {id}: {problem}", status=answer.status, hint=hint, id=id)


def _json(body: bytes) -> object:
    """What the body says; None where it is not JSON (or the word null, which no answer is either)."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def retry_after(answer: HttpResponse, wall: float) -> float | None:
    """The seconds that `Retry-After` asks for, or None. A date is measured against the server's own clock.

    Args:
        wall: the time now, in seconds since 1970, for a server that does not say its own.
    """
    text = answer.header("retry-after")
    if text.isascii() and text.isdigit():
        return float(text[:12])
    moment = _timestamp(text)
    if moment is None:
        return None
    now = _timestamp(answer.header("date"))
    return max(0.0, moment - (wall if now is None else now))


def _timestamp(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError, TypeError):
        return None
