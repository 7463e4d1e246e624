"""Guards refuse before anything changes; their messages give the numbers and the flag that overrides them."""

from __future__ import annotations

import pytest

from mhsync.core.guards import Circumstances, check, expected_deletes, unconfirmed
from mhsync.core.manifest import Deletes, Limit, Policy, State
from tests.core.builders import entry, inventory, live, manifest, plan_of

DELETED, ARCHIVED = State.DELETED, State.ARCHIVED


def plan(*entries, policy=None, status="complete"):
    desired = manifest(*entries, policy=policy)
    return plan_of(desired, inventory(), {e.id: live(e.id, status) for e in entries})


def codes(problems):
    return [problem.code for problem in problems]


def five(policy):
    return plan(*(entry(f"id{n}", DELETED) for n in range(5)), policy=policy)


def test_forbidden_deletes_are_refused():
    (problem,) = check(five(Policy(deletes=Deletes.FORBID)), Circumstances())
    assert problem.code == "deletes_forbidden"
    assert "5 deletes" in problem.message
    assert "--no-deletes" in (problem.hint or "")


@pytest.mark.parametrize(
    ("limit", "refused"),
    [(Limit(5), False), (Limit(4), True), (Limit(0), True), (Limit(100, True), False), (Limit(99, True), True)],
    ids=str,
)
def test_a_limit_counts_or_takes_a_share_rounded_down(limit, refused):
    problems = check(five(Policy(max_deletes=limit)), Circumstances())
    assert codes(problems) == (["max_deletes"] if refused else [])


def test_the_message_gives_number_limit_total_and_override():
    (problem,) = check(five(Policy(max_deletes=Limit(50, True))), Circumstances())
    assert problem.message == "5 of 5 projects would be deleted, but policy.max_deletes allows 2 (50%)"
    assert "--max-deletes 5" in (problem.hint or "")


def test_the_flag_replaces_the_files_limit():
    assert check(five(Policy(max_deletes=Limit(1))), Circumstances(max_deletes=Limit(5))) == ()
    assert codes(check(five(Policy()), Circumstances(max_deletes=Limit(0)))) == ["max_deletes"]


def test_a_share_is_of_all_entries_also_under_only():
    entries = [entry(f"id{n}", DELETED) for n in range(4)]
    desired = manifest(*entries, policy=Policy(max_deletes=Limit(25, True)))
    one = plan_of(desired, inventory(), {e.id: live(e.id) for e in entries}, only=("id0",))
    assert check(one, Circumstances()) == ()


def test_deletes_that_renders_may_come_to_are_counted_only_when_waiting():
    rendering = plan(entry("a", DELETED), entry("b", ARCHIVED), entry("c"), status="rendering")
    assert expected_deletes(rendering, is_waiting=False) == ()
    assert [p.id for p in expected_deletes(rendering, is_waiting=True)] == ["a", "b"]


def test_drafts_are_not_waited_for():
    assert expected_deletes(plan(entry("a", ARCHIVED), status="draft"), is_waiting=True) == ()


@pytest.mark.parametrize(
    ("is_ci", "folder", "durable", "state", "refused"),
    [
        (True, True, False, ARCHIVED, True),
        (False, True, False, ARCHIVED, False),
        (True, False, False, ARCHIVED, False),
        (True, True, True, ARCHIVED, False),
        (True, True, False, DELETED, False),
    ],
)
def test_archived_into_a_folder_of_a_ci_runner_is_refused(is_ci, folder, durable, state, refused):
    one = plan(entry("a", state), policy=Policy(durable_storage=durable))
    machine = frozenset({"m.yaml"} if folder else ())
    problems = check(one, Circumstances(is_ci=is_ci, local_files=machine))
    assert codes(problems) == (["storage_not_durable"] if refused else [])


@pytest.mark.parametrize(("deletes", "asked"), [(Deletes.CONFIRM, 5), (Deletes.ALLOW, 0)])
def test_only_the_policy_confirm_asks(deletes, asked):
    assert len(unconfirmed(five(Policy(deletes=deletes)), is_waiting=False)) == asked


def test_a_plan_without_deletes_is_not_refused_on_a_ci_runner():
    safe = plan(entry("a", ARCHIVED), entry("b", DELETED)).without_deletes()
    assert check(safe, Circumstances(is_ci=True, local_files=frozenset({"m.yaml"}))) == ()
