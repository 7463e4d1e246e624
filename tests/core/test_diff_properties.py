"""Properties of the plan for any manifest, storage and account: see `docs/reliability.md`."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.manifest import Entry, State
from mhsync.core.observed import Details, Gone, Inventory, Live, Unreadable, needs_details
from mhsync.core.plan import Action, Plan, Verdict
from mhsync.core.project import Download
from mhsync.core.receipt import Deletion, Receipt, StoredOutput
from mhsync.errors import Position
from tests.core.builders import (
    API,
    DISABLED,
    GET_FAILED,
    NOT_FOUND,
    NOW,
    SHA,
    live,
    manifest,
    plan_of,
    receipt,
)

IDS = ("a", "b", "c")
TEMPLATES = ("{id}/{filename}", "{name}{ext}", "x/{id}-{index}{ext}", "all/{filename}")
STATUSES = ("draft", "queued", "rendering", "complete", "error", "canceled")


@st.composite
def all_details(draw, id: str) -> Details:
    kind = draw(st.sampled_from(("live", "live", "live", "404", "disabled", "failed")))
    if kind == "live":
        name = draw(st.sampled_from(("A name", "B name", None)))
        return live(id, draw(st.sampled_from(STATUSES)), outputs=draw(st.integers(0, 2)), name=name)
    return {"404": NOT_FOUND, "disabled": DISABLED, "failed": GET_FAILED}[kind]


@st.composite
def worlds(draw):
    entries, receipts, files, details = [], {}, {}, {}
    for id_ in IDS:
        state, path = draw(st.sampled_from(list(State))), draw(st.sampled_from(TEMPLATES))
        entries.append(Entry(id_, state, path, Position("m.yaml", 1, 1)))
        if draw(st.booleans()):
            kept = receipt(
                id_,
                outputs=draw(st.integers(0, 2)),
                deletion=draw(st.sampled_from((None, *Deletion))),
                suspect=draw(st.sampled_from((False, False, True))),
            )
            receipts[id_] = kept
            for output in kept.outputs:
                size = draw(st.sampled_from((10, 10, 9, None)))
                if size is not None:
                    files[output.path] = size
        details[id_] = draw(all_details(id_))
    return manifest(*entries), Inventory("/storage", files, receipts), details


def asked(account) -> dict[str, Details]:
    desired, stock, details = account
    return {entry.id: details[entry.id] for _, entry in desired if needs_details(entry, stock)}


@given(worlds())
def test_nothing_is_deleted_unless_deleted_or_archived_is_desired(account):
    desired, stock, _ = account
    for plan in plan_of(desired, stock, asked(account)).deletes:
        assert plan.desired in (State.DELETED, State.ARCHIVED)


@given(worlds())
def test_an_acknowledged_loss_is_never_acted_upon_and_fails_nothing(account):
    desired, stock, details = account
    for known in (details, asked(account), {}):
        for plan in plan_of(desired, stock, known).projects:
            if plan.desired is State.LOST:
                assert (plan.verdict, plan.actions, plan.never_stored) == (Verdict.UNCHANGED, (), False)
                is_live = isinstance(known.get(plan.id), Live) and plan.status not in ("error", "canceled")
                has_outputs = is_live and (plan.status != "complete" or known[plan.id].project.downloads)
                assert (plan.reason_code == "lost_but_live") is bool(has_outputs)


@given(worlds(), st.data())
def test_acknowledging_a_loss_gives_no_other_project_a_delete(account, data):
    desired, stock, details = account
    entries = [entry for _, entry in desired]
    lost = replace(data.draw(st.sampled_from(entries)), state=State.LOST)
    others = manifest(*(lost if entry.id == lost.id else entry for entry in entries))
    before = {plan.id for plan in plan_of(desired, stock, details).deletes}
    after = {plan.id for plan in plan_of(others, stock, details).deletes}
    # Only a project that had to leave its path to the lost one may change again.
    freed = {
        p.id for p in plan_of(desired, stock, details).projects if p.reason_code in ("path_clash", "path_occupied")
    }
    assert lost.id not in after
    assert after - before <= freed


@given(worlds())
def test_nothing_is_done_when_the_details_are_unknown(account):
    desired, stock, details = account
    for plan in plan_of(desired, stock, asked(account)).projects:
        if isinstance(details[plan.id], Unreadable) and Action.MOVE not in plan.actions:
            assert plan.actions == ()
        if isinstance(details[plan.id], Unreadable):
            assert Action.DELETE not in plan.actions


@given(worlds())
def test_an_archived_project_is_deleted_only_after_the_same_outputs_are_stored(account):
    desired, stock, details = account
    for plan in plan_of(desired, stock, asked(account)).deletes:
        if plan.desired is not State.ARCHIVED:
            continue
        project = details[plan.id].project
        is_copy = stock.is_stored(plan.id) and sorted(stock.receipts[plan.id].sources) == sorted(project.sources)
        assert is_copy or plan.actions == (Action.DOWNLOAD, Action.DELETE)


KNOWN_BY = st.sampled_from(("https://files.example/x/output.wav", "https://files.example/y/output.wav"))


@given(st.lists(st.tuples(KNOWN_BY, st.sampled_from(("ab" * 32, "cd" * 32))), min_size=1, max_size=4), st.data())
def test_a_delete_needs_as_many_distinct_outputs_stored_as_are_offered(kept, data):
    """Outputs that differ only in their query have one source: their number and their bytes count."""
    offered = data.draw(
        st.one_of(st.permutations([s for s, _ in kept]), st.lists(KNOWN_BY, min_size=1, max_size=4))
    )
    outputs = tuple(
        StoredOutput(f"a/{n}.wav", 10, sha, source, f"{n}.wav") for n, (source, sha) in enumerate(kept)
    )
    stored = replace(receipt("a"), outputs=outputs)
    stock = Inventory("/storage", {o.path: 10 for o in outputs}, {"a": stored})
    downloads = tuple(Download(f"{source}?n={n}") for n, source in enumerate(offered))
    details = {"a": Live(replace(live("a").project, downloads=downloads))}
    (plan,) = plan_of(
        manifest(Entry("a", State.ARCHIVED, "a/{index}{ext}", Position("m.yaml", 1, 1))), stock, details
    ).projects
    if sorted(offered) != sorted(stored.sources):
        assert plan.actions == (Action.DOWNLOAD, Action.DELETE)
        assert len(plan.outputs) == len(offered)
    elif len(set(kept)) < len(kept):
        assert (plan.verdict, plan.reason_code) == (Verdict.BLOCKED, "outputs_indistinct")
    else:
        assert plan.actions[-1] is Action.DELETE
        assert Action.DOWNLOAD not in plan.actions


@given(worlds())
def test_two_projects_never_get_one_path(account):
    desired, stock, _ = account
    plans = [p for p in plan_of(desired, stock, asked(account)).projects if p.verdict is Verdict.CHANGE]
    paths = [
        output.path.casefold() for plan in plans if plan.actions[0] != Action.DELETE for output in plan.outputs
    ]
    assert len(paths) == len(set(paths))


@given(worlds())
def test_applying_a_plan_to_the_model_and_planning_again_gives_nothing(account):
    desired, stock, details = account
    first = plan_of(desired, stock, asked(account))
    stock, details = apply_to_model(first, stock, details)
    again = plan_of(desired, stock, asked((desired, stock, details)))
    assert [p for p in again.projects if p.actions] == []
    for before, after in zip(first.projects, again.projects, strict=True):
        if before.actions:
            assert after.verdict is Verdict.UNCHANGED, (before, after)


def apply_to_model(
    plan: Plan, stock: Inventory, details: dict[str, Details]
) -> tuple[Inventory, dict[str, Details]]:
    """What the actions would leave behind, were nothing to fail."""
    files, receipts, details = dict(stock.files), dict(stock.receipts), dict(details)
    for project in plan.projects:
        kept = receipts.get(project.id, Receipt(project.id, API))
        if Action.DOWNLOAD in project.actions:
            outputs = tuple(StoredOutput(o.path, 10, SHA, o.source, o.filename) for o in project.outputs)
            kept = kept.with_stored(details[project.id].project, outputs, NOW)
        if Action.MOVE in project.actions:
            for output in kept.outputs:
                files.pop(output.path, None)
            moved = zip(kept.outputs, project.outputs, strict=True)
            kept = replace(kept, outputs=tuple(replace(o, path=to.path, superseded=None) for o, to in moved))
        if {Action.DOWNLOAD, Action.MOVE} & set(project.actions):
            files |= {o.path: o.size for o in kept.outputs}
        if Action.DELETE in project.actions:
            assert isinstance(details[project.id], Live)
            details[project.id] = Gone(not_found=True)
            kept = kept.with_deletion(Deletion.DELETED, NOW)
        if project.actions:
            receipts[project.id] = kept
    return Inventory(stock.location, files, receipts), details
