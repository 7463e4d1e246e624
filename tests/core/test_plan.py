"""The plan as a value: totals, the changes, the plan without deletes, the fingerprint, and its JSON."""

from __future__ import annotations

from mhsync.core.manifest import State
from mhsync.core.observed import Live
from mhsync.core.plan import Action, Plan, Verdict
from mhsync.core.project import Download, Project, Status
from mhsync.errors import Position
from tests.core.builders import (
    GET_FAILED,
    NOT_FOUND,
    NOW,
    entry,
    inventory,
    live,
    manifest,
    plan_of,
    receipt,
    source,
)

ARCHIVED, DELETED = State.ARCHIVED, State.DELETED
NOTHING = inventory()


def every_verdict() -> Plan:
    desired = manifest(
        entry("new"), entry("old", ARCHIVED), entry("bad", DELETED), entry("stored"), entry("draft"), entry("lost")
    )
    details = {
        "new": live("new"),
        "old": live("old"),
        "bad": GET_FAILED,
        "draft": live("draft", "draft"),
        "lost": NOT_FOUND,
    }
    return plan_of(desired, inventory(receipt("stored")), details)


def test_actions_and_projects_are_counted():
    assert every_verdict().summary == {
        "repair": 0, "download": 2, "move": 0, "delete": 1, "unchanged": 1, "pending": 1, "blocked": 1, "failed": 1,
        "acknowledged": 0,
    }  # fmt: skip


def test_changes_and_deletes_are_the_projects_with_such_actions():
    plan = every_verdict()
    assert [project.id for project in plan.changes] == ["new", "old"]
    assert [project.id for project in plan.deletes] == ["old"]


def test_only_a_failed_or_blocked_project_has_a_problem_with_its_position():
    problems = {project.id: project.problem for project in every_verdict().projects if project.problem}
    assert list(problems) == ["bad", "lost"]
    assert (problems["bad"].code, problems["bad"].position) == ("server_failed", Position("m.yaml", 3, 9))


def test_a_plan_without_deletes_keeps_the_downloads():
    plan = plan_of(manifest(entry("a", ARCHIVED), entry("b", DELETED)), NOTHING, {"a": live("a"), "b": live("b")})
    safe = plan.without_deletes()
    assert [project.actions for project in safe.projects] == [(Action.DOWNLOAD,), ()]
    assert (safe.projects[1].verdict, safe.projects[1].reason_code) == (Verdict.UNCHANGED, "delete_skipped")
    assert safe.summary["delete"] == 0


def test_all_not_found_needs_a_404_for_every_request():
    two = manifest(entry("a"), entry("b"))
    assert plan_of(two, NOTHING, {"a": NOT_FOUND, "b": NOT_FOUND}).all_not_found
    assert not plan_of(two, NOTHING, {"a": NOT_FOUND, "b": live("b")}).all_not_found
    assert not plan_of(two, inventory(receipt("a"), receipt("b")), {}).all_not_found


def test_the_json_joins_reason_and_hint_of_a_problem():
    (project,) = plan_of(manifest(entry()), NOTHING, {"one": GET_FAILED}).to_json()["projects"]
    assert project["reason"] == "500 five times (run again later)"
    assert (project["verdict"], project["actions"], project["status"]) == ("failed", [], "unknown")


def test_the_same_values_give_the_same_plan_and_fingerprint():
    desired = manifest(entry("a"), entry("b", ARCHIVED))
    details = {"a": live("a"), "b": live("b")}
    first, second = plan_of(desired, NOTHING, details), plan_of(desired, NOTHING, details)
    assert first == second
    assert first.fingerprint == second.fingerprint
    other = plan_of(desired, inventory(receipt("a")), details)
    assert other.fingerprint != first.fingerprint


def test_a_project_without_actions_does_not_change_the_fingerprint():
    one = plan_of(manifest(entry("a")), NOTHING, {"a": live("a")})
    stock = inventory(receipt("stored"))
    assert plan_of(manifest(entry("a"), entry("stored")), stock, {"a": live("a")}).fingerprint == one.fingerprint


def test_signed_queries_stay_out_of_the_plan():
    signed = Project(
        "one", Status.COMPLETE, "complete", created_at=NOW, downloads=(Download(source("one") + "?sig=SECRET"),)
    )
    plan = plan_of(manifest(entry()), NOTHING, {"one": Live(signed)})
    assert "SECRET" not in str(plan.to_json()) + repr(plan)
