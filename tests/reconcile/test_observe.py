"""Observe: the reason why a project or a storage could not be read is in the plan and the report, with its hint."""

from __future__ import annotations

from mhsync.cli.render.terminal import Style
from mhsync.cli.render.text import plan_text, report_text
from mhsync.errors import Position, StorageUnavailable
from mhsync.hooks.manager import Hooks
from mhsync.hooks.specs import hookimpl
from mhsync.sandbox.faults import Status
from mhsync.storage.local import LocalStorage
from tests.reconcile.fixture import complete

API_HINT = "check the permissions of the account's plan and of the API key"
STORAGE_HINT = "grant the key s3:ListBucket"


class _Denied(LocalStorage):
    def list(self, prefix=""):
        raise StorageUnavailable("cannot list denied://a: access is denied (403)", hint=STORAGE_HINT)


class _Plugin:
    def __init__(self, folder) -> None:
        self.folder = folder

    @hookimpl
    def mhsync_storage_schemes(self):
        return {"denied": lambda url, options: _Denied(self.folder)}


def test_the_hint_of_the_api_client_reaches_plan_and_report(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    fixture.fault(Status(403), host="api")
    (project,) = fixture.plan({"a": "downloaded"}).projects
    assert project.problem is not None
    assert (project.problem.code, project.problem.hint) == ("permission_denied", API_HINT)
    assert project.problem.position == Position("m.yaml", 3, 9)
    _assert_shown(fixture, {"a": "downloaded"}, "permission_denied", API_HINT)


def test_the_hint_of_a_storage_reaches_plan_and_report(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    fixture.hooks = Hooks.of(denied=_Plugin(fixture.folder))
    _assert_shown(
        fixture, fixture.manifest({"a": "downloaded"}, storage="denied://a"), "storage_unreadable", STORAGE_HINT
    )


def _assert_shown(fixture, manifest, code: str, hint: str) -> None:
    """In the text and in the JSON, whose keys stay as they are: `code` and `message`."""
    plan, report = fixture.plan(manifest), fixture.apply(manifest)
    assert f"({hint})" in plan_text(plan, Style(300))
    assert plan.to_json()["projects"][0]["reason"].endswith(f"({hint})")
    assert f"({hint})" in report_text(report, Style(300))
    error = report.to_json()["results"][0]["error"]
    assert error.keys() == {"code", "message"}
    assert error["code"] == code
    assert error["message"].endswith(f"({hint})")
