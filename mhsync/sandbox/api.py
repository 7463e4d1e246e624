"""The API host: `GET` and `DELETE /v1/audio-projects/{id}`, as in the API's OpenAPI document."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from urllib.parse import unquote

from mhsync.core.project import ProjectError, is_valid_id
from mhsync.sandbox.account import Account, AfterDelete, State
from mhsync.sandbox.wire import HttpResponse, Request

PREFIX = "/v1/audio-projects/"
_ALLOWED = ("GET", "DELETE")
DEFAULT_ERROR = ProjectError("generation_failed", "The render failed.")
"""For a project in `error` without an error of its own: the API always sends one."""

Link = Callable[[str], tuple[str, str]]
"""Makes the signed URL of a path on the file host, and the time at which it expires."""


class ApiHost:
    """Answers requests to the API from an account.

    Args:
        key: the API key that `Authorization: Bearer` must hold.
        link: makes download links.
    """

    def __init__(self, account: Account, key: str, link: Link) -> None:
        self._account = account
        self._bearer = f"Bearer {key}".encode()
        self._link = link

    def answer(self, request: Request) -> HttpResponse:
        """The response without any fault."""
        if not self._is_authorized(request):
            return HttpResponse.message(401)
        if not request.path.startswith(PREFIX) or not (id := project_id(request)):
            return HttpResponse.message(404)
        if request.method not in _ALLOWED:
            return HttpResponse.message(405, headers=(("Allow", ", ".join(_ALLOWED)),))
        if not is_valid_id(id):
            return HttpResponse.message(400, "Invalid id")
        if request.method == "DELETE":
            return HttpResponse(204) if self._account.delete(id) else HttpResponse.message(404)
        state = self._account.state(id)
        if state is None or state.after_delete is AfterDelete.NOT_FOUND:
            return HttpResponse.message(404)
        return HttpResponse.of_json(200, self.details(state))

    def _is_authorized(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, self._bearer)

    def details(self, state: State) -> dict[str, object]:
        """The body of a `GET` of a project, which is also the payload of its events."""
        project = state.project
        is_enabled = state.after_delete is None
        offers = is_enabled and state.status == "complete"
        links = [self._link(f"/{project.id}/{output.path}") for output in project.outputs] if offers else []
        error = (project.error or DEFAULT_ERROR) if state.status == "error" else None
        return {
            "id": project.id,
            "name": project.name,
            "status": state.status,
            "type": project.type,
            "created_at": project.created_at,
            "enabled": is_enabled,
            "credits_charged": project.credits_charged,
            "downloads": [{"url": url, "expires_at": expires_at} for url, expires_at in links],
            "error": None if error is None else {"code": error.code, "message": error.message},
        }


def project_id(request: Request) -> str:
    """The project id in a request to either host; empty if there is none."""
    path = (
        request.path.removeprefix(PREFIX)
        if request.host == "api"
        else request.path.removeprefix("/").partition("/")[0]
    )
    return unquote(path)
