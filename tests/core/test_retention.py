"""Retention: a project is archived when its time is over, and whatever is not certain keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.diff import diff
from mhsync.core.guards import Circumstances, check, expected_deletes, unconfirmed
from mhsync.core.manifest import Deletes, Entry, Limit, Policy, Retention, State
from mhsync.core.observed import Details, Inventory, Live, Unreadable, is_settled
from mhsync.core.plan import Action, ProjectPlan, Verdict
from mhsync.core.receipt import Deletion, Receipt
from mhsync.core.retention import EARLIEST, Clock, differing_clocks, due_at, entry_at, is_due, parse_retention
from tests.core.builders import (
    API,
    DISABLED,
    GET_FAILED,
    NOT_FOUND,
    NOW,
    entry,
    inventory,
    live,
    manifest,
    receipt,
)

MONTH = parse_retention("30d")
DUE = NOW + timedelta(days=30)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
RETENTIONS = st.builds(
    lambda n, unit: parse_retention(f"{n}{unit}"), st.integers(1, 99999), st.sampled_from("hdw")
)


def kept(retain: Retention | None = MONTH) -> Entry:
    return replace(entry(), retain=retain)


def created(moment: datetime | None) -> Details:
    one = live()
    assert isinstance(one, Live)
    return Live(replace(one.project, created_at=moment))


def judged(
    details: Details | None, stock: Inventory, now: datetime, *, skew: float | None = 0.0, one: Entry | None = None
) -> ProjectPlan:
    found = {} if details is None else {"one": details}
    (plan,) = diff(manifest(one or kept()), {"m.yaml": stock}, found, api=API, clock=Clock(now, skew)).projects
    return plan


@pytest.mark.parametrize(("text", "seconds"), [("1h", 3600), ("30d", 30 * 86400), ("2w", 14 * 86400)])
def test_a_time_is_a_number_of_hours_days_or_weeks(text, seconds):
    assert parse_retention(text) == Retention(text, seconds)


@pytest.mark.parametrize(
    "text", ["", "30", "d", "0d", "-1d", "1.5d", "30 d", "30D", "1m", "1y", "100000d", "٣d", "1d\n"]
)
def test_any_other_text_is_refused(text):
    with pytest.raises(ValueError, match="is not a time to keep"):
        parse_retention(text)


@given(RETENTIONS, MOMENTS, MOMENTS)
def test_due_is_a_matter_of_age_only(retain, made, now):
    if is_due(retain, made, now):
        assert now - made >= timedelta(seconds=retain.seconds)
        assert made >= EARLIEST
    elif made >= EARLIEST:
        assert now - made < timedelta(seconds=retain.seconds)


@given(RETENTIONS, MOMENTS, MOMENTS, st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9000)))
def test_what_is_due_stays_due_and_no_state_but_downloaded_is_changed(retain, made, now, later):
    if is_due(retain, made, now) and now.year < 9970:
        assert is_due(retain, made, now + later)
    for state in State:
        one = entry_at(replace(entry(state=state), retain=retain), made, now)
        assert one.state is (State.ARCHIVED if state is State.DOWNLOADED and is_due(retain, made, now) else state)


@pytest.mark.parametrize("made", [None, datetime(1970, 1, 1, tzinfo=UTC), EARLIEST - timedelta(seconds=1)])
def test_a_creation_time_that_is_not_usable_never_deletes(made):
    assert due_at(MONTH, made) is None
    for stock in (inventory(), inventory(receipt())):
        plan = judged(created(made), stock, datetime(9999, 1, 1, tzinfo=UTC))
        assert Action.DELETE not in plan.actions
        assert plan.desired is State.DOWNLOADED


def test_the_last_second_counts_and_the_reason_says_why_and_when():
    stock = inventory(receipt())
    before = judged(None, stock, DUE - timedelta(seconds=1))
    assert (before.verdict, before.actions, before.reason_code) == (Verdict.UNCHANGED, (), "stored")
    text = "retention: created 2026-11-01 12:00 UTC, kept in the account for 30d, until 2026-12-01 12:00 UTC"
    assert before.reason == f"stored; {text}"
    plan = judged(live(), stock, DUE)
    assert (plan.actions, plan.reason_code) == ((Action.DELETE,), "retention_due")
    assert plan.desired is State.ARCHIVED
    assert plan.reason.endswith(f"; {text}")


def test_what_is_due_and_not_stored_is_downloaded_first():
    plan = judged(live(), inventory(), DUE)
    assert (plan.actions, plan.reason_code) == ((Action.DOWNLOAD, Action.DELETE), "retention_due")


def test_the_api_decides_over_the_receipt():
    old = replace(receipt(), created_at=NOW - timedelta(days=60))
    assert not is_settled(kept(), inventory(old), NOW), "the receipt makes mhsync ask the API"
    assert judged(live(), inventory(old), NOW).actions == ()
    young = replace(receipt(), created_at=NOW + timedelta(days=60))
    assert is_settled(kept(), inventory(young), DUE)
    assert judged(live(), inventory(young), DUE).actions == (Action.DELETE,)


@pytest.mark.parametrize("skew", [901.0, -901.0, 86400.0 * 400])
def test_a_clock_that_differs_blocks_what_is_due(skew):
    plan = judged(live(), inventory(receipt()), DUE, skew=skew)
    assert (plan.verdict, plan.reason_code, plan.actions) == (Verdict.BLOCKED, "clock_differs", ())
    assert judged(live(), inventory(), DUE, skew=skew).actions == (Action.DOWNLOAD,)
    assert judged(None, inventory(receipt()), NOW, skew=skew).verdict is Verdict.UNCHANGED
    assert judged(live(), inventory(receipt()), DUE, skew=skew % 900).actions == (Action.DELETE,)


def test_the_difference_is_stated_in_days_hours_and_minutes():
    assert differing_clocks(Clock(NOW, 93900.0)) == "the clock of this machine is 1 d 2 h 5 min ahead of the API's"
    assert differing_clocks(Clock(NOW, -3600.0)) == "the clock of this machine is 1 h behind the API's"


def test_without_a_clock_everything_is_kept():
    (plan,) = diff(manifest(kept()), {"m.yaml": inventory(receipt())}, {}, api=API).projects
    assert plan.verdict is Verdict.UNCHANGED


def test_the_guards_count_what_is_due():
    stock = inventory(receipt())
    for policy, code in (
        (Policy(deletes=Deletes.FORBID), "deletes_forbidden"),
        (Policy(max_deletes=Limit(0)), "max_deletes"),
        (Policy(), "storage_not_durable"),
    ):
        desired = manifest(kept(), policy=policy)
        plan = diff(desired, {"m.yaml": stock}, {"one": live()}, api=API, clock=Clock(DUE))
        circumstances = Circumstances(is_ci=code == "storage_not_durable", local_files=frozenset({"m.yaml"}))
        assert [problem.code for problem in check(plan, circumstances)] == [code]
        assert bool(unconfirmed(plan, is_waiting=False)) is (policy.deletes is Deletes.CONFIRM)


def test_a_render_that_is_due_is_counted_before_waiting():
    plan = diff(
        manifest(kept()), {"m.yaml": inventory()}, {"one": live("one", "rendering")}, api=API, clock=Clock(DUE)
    )
    assert [one.id for one in expected_deletes(plan, is_waiting=True)] == ["one"]


@st.composite
def worlds(draw):
    stored = draw(st.sampled_from((None, receipt(), receipt(outputs=2), receipt(suspect=True))))
    if stored is not None:
        moment = draw(st.sampled_from((None, EARLIEST - timedelta(days=1), NOW - timedelta(days=90), NOW, DUE)))
        stored = replace(stored, created_at=moment, deletion=draw(st.sampled_from((None, *Deletion))))
    details = draw(
        st.one_of(
            st.sampled_from(
                (None, NOT_FOUND, DISABLED, GET_FAILED, live("one", "rendering"), live("one", "error"))
            ),
            st.sampled_from((None, EARLIEST - timedelta(days=1), NOW - timedelta(days=90), NOW, DUE)).map(created),
        )
    )
    stock = inventory() if stored is None else inventory(stored)
    retain = draw(st.one_of(st.none(), RETENTIONS))
    state = draw(st.sampled_from(list(State)))
    one = replace(entry(state=state), retain=retain if state is State.DOWNLOADED else None)
    clock = Clock(NOW + draw(st.timedeltas(timedelta(days=-9000), timedelta(days=9000))), draw(st.sampled_from((None, 0.0, 5.0, 2000.0, -9e9))))  # fmt: skip
    return one, stock, details, clock


@given(worlds())
def test_only_what_is_due_is_deleted(world):
    one, stock, details, clock = world
    found = {} if details is None else {"one": details}
    (plan,) = diff(manifest(one), {"m.yaml": stock}, found, api=API, clock=clock).projects
    (without,) = diff(manifest(replace(one, retain=None)), {"m.yaml": stock}, found, api=API, clock=clock).projects
    if one.retain is None:
        assert plan == without
    elif Action.DELETE in plan.actions:
        assert isinstance(details, Live)
        made = details.project.created_at
        assert made is not None
        assert clock.now - made >= timedelta(seconds=one.retain.seconds)
        assert not clock.is_wrong
        archived = replace(one, state=State.ARCHIVED, retain=None)
        (same,) = diff(manifest(archived), {"m.yaml": stock}, found, api=API).projects
        assert (plan.actions, plan.outputs) == (same.actions, same.outputs)
    if isinstance(details, Unreadable):
        assert Action.DELETE not in plan.actions


def test_a_project_that_was_archived_stays_settled_and_needs_no_request():
    gone = replace(receipt(), deletion=Deletion.DELETED)
    assert isinstance(gone, Receipt)
    for now in (NOW, DUE, DUE + timedelta(days=900)):
        assert is_settled(kept(), inventory(gone), now)
        assert judged(None, inventory(gone), now).verdict is Verdict.UNCHANGED
