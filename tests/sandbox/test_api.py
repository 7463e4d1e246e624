"""The API host responds as the vendor documents it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mhsync.core.project import Project, Status
from mhsync.sandbox.account import STATUSES, Account, AfterDelete, SandboxProject, outputs_of
from mhsync.sandbox.defaults import ODD_NAME, default_account

from .conftest import Asker

DOCUMENT = Path(__file__).parents[3] / "shared" / "api" / "audio-projects.openapi.json"


def documented(method: str) -> dict[int, dict[str, Any] | None]:
    """The JSON Schema of each answer that the vendor's document has; None where there is no body."""
    if not DOCUMENT.is_file():
        pytest.skip("the vendor's OpenAPI document is not there: ../shared/api/audio-projects.openapi.json")
    responses = json.loads(DOCUMENT.read_text())["paths"]["/v1/audio-projects/{id}"][method]["responses"]
    return {
        int(status): nullable(answer["content"]["application/json"]["schema"]) if "content" in answer else None
        for status, answer in responses.items()
    }


def nullable(schema: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema says `null`."""
    if isinstance(schema, list):
        return [nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: nullable(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


@pytest.mark.parametrize("id", default_account().ids)
def test_every_kind_of_project_answers_as_documented(start: Callable[..., Asker], id: str) -> None:
    ask = start(default_account())
    for method in ("GET", "DELETE", "GET", "DELETE"):
        reply = ask.api(id, method)
        schema = documented(method.lower())[reply.status]
        if schema is None:
            assert reply.body == b""
        else:
            jsonschema.validate(reply.json(), schema)


@pytest.mark.parametrize(
    ("id", "key", "status", "message"),
    [
        ("one", "wrong", 401, "Unauthorized"),
        ("unknown", None, 404, "Not Found"),
        ("not%20an%20id", None, 400, "Invalid id"),
        ("x" * 129, None, 400, "Invalid id"),
        ("", None, 404, "Not Found"),
        ("one/two", None, 400, "Invalid id"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_errors_have_the_documented_body(
    start: Callable[..., Asker], account: Account, method: str, id: str, key: str | None, status: int, message: str
) -> None:
    reply = start(account).api(id, method, key)
    assert (reply.status, reply.json()) == (status, {"message": message})
    assert reply.headers["content-type"].startswith("application/json")
    jsonschema.validate(reply.json(), documented(method.lower())[status])
    assert account.deleted_ids == set()


@pytest.mark.parametrize("path", ["/", "/v1/video-projects/one", "/v1/audio-projects", "/v1/"])
def test_other_paths_are_not_found(start: Callable[..., Asker], account: Account, path: str) -> None:
    ask = start(account)
    assert ask.url(ask.sandbox.api_url + path, Authorization=f"Bearer {ask.sandbox.key}").status == 404
    assert ask.url(ask.sandbox.api_url + path).status == 401


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer ", "bearer {key}", "{key}", "Bearer {key}x", "Bearer é"]
)
def test_only_the_key_as_bearer_is_accepted(
    start: Callable[..., Asker], account: Account, given: str | None
) -> None:
    ask = start(account)
    headers = {} if given is None else {"Authorization": given.format(key=ask.sandbox.key)}
    assert ask.url(f"{ask.sandbox.api_url}/v1/audio-projects/one", "DELETE", **headers).status == 401
    assert account.deleted_ids == set()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "HEAD", "OPTIONS", "PURGE"])
def test_other_methods_get_the_list_of_allowed_methods(
    start: Callable[..., Asker], account: Account, method: str
) -> None:
    reply = start(account).api("one", method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, DELETE")
    assert (reply.body == b"") is (method == "HEAD")


def test_a_delete_is_permanent_and_a_repeated_one_is_not_found(
    start: Callable[..., Asker], account: Account
) -> None:
    ask = start(account)
    first = ask.api("one", "DELETE")
    assert (first.status, first.body, account.deleted_ids) == (204, b"", {"one"})
    assert "content-length" not in first.headers  # RFC 9110, 8.6
    assert [ask.api("one", method).status for method in ("GET", "DELETE", "GET")] == [404, 404, 404]


def test_a_deleted_project_may_stay_visible_as_disabled_without_links(start: Callable[..., Asker]) -> None:
    project = SandboxProject("a", outputs=outputs_of("a"))
    ask = start(Account([project], after_delete=AfterDelete.DISABLED))
    (link,) = ask.links("a")
    assert ask.api("a", "DELETE").status == 204
    details = Project.from_json(ask.api("a").json(), expected_id="a")
    assert (details.enabled, details.status, details.downloads) == (False, Status.COMPLETE, ())
    assert ask.api("a", "DELETE").status == 404
    assert ask.url(link).status == 404


@pytest.mark.parametrize("status", STATUSES)
def test_links_are_given_only_when_complete_and_an_error_only_in_error(
    start: Callable[..., Asker], status: str
) -> None:
    ask = start(Account([SandboxProject("a", status=status, outputs=outputs_of("a", 2))]))
    details = Project.from_json(ask.api("a").json())
    assert details.status_text == status
    assert len(details.downloads) == (2 if status == "complete" else 0)
    assert (details.error is not None) is (status == "error")


def test_odd_names_are_not_changed(start: Callable[..., Asker]) -> None:
    ask = start(default_account())
    names = {id: Project.from_json(ask.api(id).json()).name for id in ("sbx-odd-name", "sbx-unnamed")}
    assert names == {"sbx-odd-name": ODD_NAME, "sbx-unnamed": None}


def test_a_queued_project_is_complete_after_a_while(start: Callable[..., Asker]) -> None:
    now = [0.0]
    later = ((3.0, "rendering"), (6.0, "complete"))
    project = SandboxProject("a", status="queued", outputs=outputs_of("a"), later=later)
    ask = start(Account([project], clock=lambda: now[0]))
    seen = []
    for now[0] in (0.0, 3.0, 6.0):
        details = Project.from_json(ask.api("a").json())
        seen.append((details.status_text, len(details.downloads)))
    assert seen == [("queued", 0), ("rendering", 0), ("complete", 1)]
