"""What an answer of the API means: its status as an error, its body as a project."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime

from mhsync.api.transport import Answer
from mhsync.api.words import shown
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
    400: (RequestInvalid, None),
    401: (AuthenticationFailed, "check the API key"),
    402: (PaymentRequired, "the account's plan or credits do not cover this: see the billing page of Magic Hour"),
    403: (PermissionDenied, "the account's plan or the key's rights do not allow this"),
    404: (ProjectNotFound, "the project was deleted, or belongs to another account than the key"),
    422: (RequestInvalid, None),
    429: (RateLimited, "ask less often: lower --rate or --checkers"),
}
AGAIN = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same request may fare better."""
REFUSALS = frozenset({429, 503})
"""Statuses that slow the whole run down for their origin."""


def status_error(method: str, id: str, status: int, message: str, key_from: str) -> ApiError:
    """The error for an answer whose status is none of success."""
    kind, hint = _ERRORS.get(status, (ServerFailed if status >= 500 else AnswerInvalid, None))
    if status == 401:
        hint = f"check the API key (from {key_from})"
    said = f": {message}" if message else ""
    return kind(f"{method} of {id}: the API answered {status}{said}", status=status, hint=hint, id=id)


def message_of(body: bytes | None, secrets: tuple[str, ...]) -> str:
    """The `message` of an error body, fit to be shown; `""` where there is none."""
    try:
        data = json.loads(body or b"")
    except (ValueError, RecursionError):
        return ""
    message = data.get("message") if isinstance(data, dict) else None
    return shown(message, secrets=secrets) if isinstance(message, str) else ""


def project_of(answer: Answer, body: bytes | None, id: str, secrets: tuple[str, ...]) -> Project:
    """The project in the body of a GET.

    Raises:
        AnswerInvalid: there is none in it, or another one.
    """
    if body is None:
        raise AnswerInvalid(f"GET of {id}: the answer is too large to be a project", status=answer.status, id=id)
    problem = ""
    try:
        return Project.from_json(json.loads(body), expected_id=id)
    except DetailsInvalid as error:
        problem = shown(str(error), secrets=secrets)
    except (ValueError, RecursionError):
        kind = shown(answer.header("content-type").partition(";")[0], secrets=secrets, limit=60)
        raise_not_json = f"the answer is not JSON{f' but {kind}' if kind and 'json' not in kind else ''}"
        problem = raise_not_json
    raise AnswerInvalid(f"GET of {id}: {problem}", status=answer.status, id=id)


def retry_after(answer: Answer, wall: float) -> float | None:
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
