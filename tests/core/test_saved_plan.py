"""A saved plan limits a later plan to its own actions, and never adds one."""

from __future__ import annotations

import json

import pytest

from mhsync.core.manifest import State
from mhsync.core.plan import Action
from mhsync.core.receipt import Deletion
from mhsync.core.saved_plan import SavedPlan
from tests.core.builders import DISABLED, GET_FAILED, entry, inventory, live, manifest, plan_of, receipt

ARCHIVED, DELETED = State.ARCHIVED, State.DELETED


def plan(*entries, seen=None, stored=(), files=True, **options):
    details = {e.id: live(e.id) for e in entries} | (seen or {})
    missing = () if files else tuple(o.path for r in stored for o in r.outputs)
    return plan_of(manifest(*entries), inventory(*stored, missing=missing), details, **options)


def saved(found):
    """The plan as it is after it was written and read."""
    return SavedPlan.from_json(json.loads(json.dumps(found.to_json())))


def reasons(before, now, **options):
    _, problems = saved(before).restrict(now, **options)
    return [problem.message for problem in problems]


def test_an_equal_plan_fits():
    before = plan(entry("one"), entry("two", ARCHIVED), entry("three", DELETED))
    limited, problems = saved(before).restrict(before)
    assert problems == ()
    assert limited == before


def test_actions_that_are_done_already_count_as_done():
    before = plan(entry("one"), entry("two", ARCHIVED), entry("three", DELETED))
    now = plan(
        entry("one"), entry("two", ARCHIVED), entry("three", DELETED),
        stored=[receipt("one"), receipt("two"), receipt("three", outputs=0, deletion=Deletion.DELETED)],
    )  # fmt: skip
    limited, problems = saved(before).restrict(now)
    assert problems == ()
    assert [project.actions for project in limited.projects] == [(), (Action.DELETE,), ()]


def test_actions_that_were_not_planned_are_left_out():
    before = plan(entry("one"), entry("two"), stored=[receipt("two")])
    now = plan(entry("one"), entry("two"), stored=[receipt("two")], files=False)
    assert [project.actions for project in now.projects] == [(Action.DOWNLOAD,), (Action.DOWNLOAD,)]
    limited, problems = saved(before).restrict(now)
    assert problems == ()
    assert [project.actions for project in limited.projects] == [(Action.DOWNLOAD,), ()]
    assert limited.projects[1].reason_code == "not_in_saved_plan"


@pytest.mark.parametrize(
    ("seen", "message"),
    [
        (GET_FAILED, "the saved plan has download and delete; now it is failed: 500 five times"),
        (DISABLED, "the saved plan has download and delete; now it is blocked: "),
        (live("one", "rendering"), "the saved plan has download and delete; now it is pending: "),
    ],
    ids=["request failed", "gone", "rendering"],
)
def test_a_project_that_cannot_be_changed_now_is_refused(seen, message):
    before = plan(entry("one", ARCHIVED))
    (reason,) = reasons(before, plan(entry("one", ARCHIVED), seen={"one": seen}))
    assert reason.startswith(message)


def test_a_delete_that_now_needs_a_download_first_is_refused():
    before = plan(entry("one", ARCHIVED), stored=[receipt("one")])
    now = plan(entry("one", ARCHIVED), stored=[receipt("one")], files=False)
    (reason,) = reasons(before, now)
    assert reason.startswith("the saved plan has delete; now it needs download and delete: ")


def test_a_delete_of_a_stored_project_is_refused_once_no_copy_is_stored():
    before = plan(entry("one", DELETED), stored=[receipt("one")])
    now = plan(entry("one", DELETED))
    assert now.projects[0].never_stored
    assert reasons(before, now) == ["the saved plan has delete of a stored project; now no copy of it is stored"]
    assert reasons(now, before) == []


def test_another_state_or_path_or_api_is_refused():
    before = plan(entry("one"))
    assert reasons(before, plan(entry("one", DELETED))) == [
        "the saved plan has download for 'state: downloaded'; now its state is 'deleted'"
    ]
    assert reasons(before, plan(entry("one", path="else/{filename}"))) == [
        "the saved plan has download; the paths of its outputs have changed since"
    ]
    document = {**before.to_json(), "api": "https://else.example"}
    _, problems = SavedPlan.from_json(document).restrict(before)
    assert [problem.message for problem in problems] == [
        "the saved plan was made with the API https://else.example; this run uses https://api.example"
    ]


def test_a_project_that_is_no_longer_listed_is_refused():
    assert reasons(plan(entry("one"), entry("two")), plan(entry("two"))) == [
        "the manifests no longer list this project"
    ]


def test_deletes_may_be_left_out():
    before = plan(entry("one", ARCHIVED), entry("two", DELETED))
    assert reasons(before, before.without_deletes(), no_deletes=True) == []
    assert len(reasons(before, before.without_deletes())) == 1


def changed(**values):
    return {**plan(entry("one", ARCHIVED)).to_json(), **values}


def with_project(**values):
    document = changed()
    return {**document, "projects": [{**document["projects"][0], **values}]}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "the document is missing or not an object"),
        (changed(format="mhsync.plan/2"), "format is 'mhsync.plan/2'"),
        (changed(manifests=[]), "manifests is empty"),
        (changed(manifests=[{"file": "m.yaml", "sha256": "abc"}]), "is not a sha256"),
        (changed(api=None), "api is missing or not a string"),
        (changed(projects={}), "projects is missing or not a list"),
        (changed(projects=changed()["projects"] * 2), "a project occurs twice"),
        (with_project(id="../one"), "is not an id"),
        (with_project(actions=["delete", "download"]), "not in their order"),
        (with_project(actions=["delete", "delete"]), "not in their order"),
        (with_project(actions=["erase"]), "erase"),
        (with_project(desired="gone"), "gone"),
        (with_project(never_stored=0), "never_stored is missing or not true or false"),
        (with_project(outputs=[{"path": 1}]), "path is missing or not a string"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_document_of_another_form_is_refused(document, message):
    with pytest.raises(ValueError, match=message):
        SavedPlan.from_json(document)


def test_unknown_keys_are_ignored():
    assert SavedPlan.from_json(changed(added_later=1)) == SavedPlan.from_json(changed())
