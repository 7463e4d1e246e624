"""Interprets a response of the API: its status as an error, its body as a project."""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mhsync.api.errors import MalformedResponse
from mhsync.api.sanitize import sanitize
from mhsync.core.project import DetailsInvalid, Project
from mhsync.dataclass import dataclass
from mhsync.errors import (
    ApiError,
    AuthenticationFailed,
    PaymentRequired,
    PermissionDenied,
    ProjectNotFound,
    RateLimited,
    RequestInvalid,
    ResponseInvalid,
    ServerFailed,
)

if TYPE_CHECKING:
    from mhsync.api.transport import HttpResponse

_ERRORS: dict[int, tuple[type[ApiError], str | None]] = {
    400: (RequestInvalid, "the API rejected the request: check the id"),
    401: (AuthenticationFailed, None),
    402: (PaymentRequired, "the plan or the credits of the account do not cover this request"),
    403: (PermissionDenied, "check the permissions of the account's plan and of the API key"),
    404: (ProjectNotFound, "the project was deleted, or belongs to another account than the API key"),
    422: (RequestInvalid, "the API rejected the request: check the id"),
    429: (RateLimited, "set --rate to limit the requests per second"),
}


@dataclass(frozen=True, slots=True)
class ErrorFormatter:
    """Builds errors from responses. It removes `secrets` from all text, and names the source of the API key."""

    secrets: tuple[str, ...] = field(repr=False)
    key_from: str

    def status_error(self, method: str, id: str, status: int, body: bytes | None) -> ApiError:
        """The error for a status that does not mean success."""
        kind, hint = _ERRORS.get(status, (ServerFailed if status >= 500 else ResponseInvalid, None))
        if status == 401:
            hint = f"check the API key (from {self.key_from})"
        elif kind is ServerFailed:
            hint = "the API has a problem: try again later"
        message = self._message(body)
        detail = f": {message}" if message else ""
        return kind(f"{method} of {id}: the API returned {status}{detail}", status=status, hint=hint, id=id)

    def sanitize(self, text: str, limit: int = 300) -> str:
        """Text of a server as one safe line without secrets."""
        return sanitize(text, secrets=self.secrets, limit=limit)

    def _message(self, body: bytes | None) -> str:
        data = _json(body or b"")
        message = data.get("message") if isinstance(data, dict) else None
        return self.sanitize(message) if isinstance(message, str) else ""


def redirect_error(method: str, id: str, response: HttpResponse) -> ApiError:
    """The error for a redirect. It is not followed, because the key is sent only to the API's origin."""
    try:
        host = urlsplit(response.header("location")).hostname or "another path"
    except ValueError:
        host = "an invalid URL"
    return ResponseInvalid(
        f"{method} of {id}: the API returned {response.status}, a redirect to {sanitize(host, limit=100)}",
        status=response.status,
        hint="redirects are not followed, to protect the API key: check the API URL",
        id=id,
    )


def parse_project(
    response: HttpResponse, body: bytes | None, id: str, errors: ErrorFormatter, *, outputs_max: int | None = None
) -> Project:
    """The project in the body of a GET.

    Args:
        body: None where it was larger than the limit.

    Raises:
        ResponseInvalid: the body is not the requested project; `MalformedResponse` where it is not JSON.
    """
    hint = f"check that {response.address.origin} is the API"
    if body is None:
        raise ResponseInvalid(f"GET of {id}: the response is too large", status=200, hint=hint, id=id)
    data = _json(body)
    if data is None:
        kind = errors.sanitize(response.header("content-type").partition(";")[0], limit=60)
        problem = (
            f"the response is {kind}, not JSON" if kind and "json" not in kind else "the response is not JSON"
        )
        raise MalformedResponse(f"GET of {id}: {problem}", status=response.status, hint=hint, id=id)
    try:
        return Project.from_json(data, expected_id=id, most_outputs=outputs_max)
    except DetailsInvalid as error:
        problem = errors.sanitize(str(error))
    raise ResponseInvalid(f"GET of {id}: {problem}", status=response.status, hint=hint, id=id)


def _json(body: bytes) -> object:
    """The value of a JSON body; None where it is not JSON, or `null`, which is no valid response either."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
