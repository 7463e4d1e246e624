"""Discovery against a real account: sighted projects are managed under the rule of a file, and under its guards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mhsync.core.manifest import Deletes, Discover, Limit, Manifest, Policy, State
from mhsync.core.sighting import Sighting
from mhsync.errors import ConfirmationMissing, GuardRefused, StorageError
from mhsync.reconcile.context import ApplyOptions
from mhsync.reconcile.discover import discover
from mhsync.reconcile.plan import plan
from mhsync.reconcile.status import status
from mhsync.reconcile.storages import opened
from mhsync.reconcile.verify import verify
from mhsync.sandbox.account import SandboxProject
from mhsync.storage.local import LocalStorage
from mhsync.storage.sightings import Sightings, sighting_path
from tests.reconcile.fixture import ALLOW, ReconcileFixture, complete, outcomes

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
DOWNLOADED, ARCHIVED = Discover(State.DOWNLOADED), Discover(State.ARCHIVED)


def sight(
    fixture: ReconcileFixture, *ids: str, event: str = "audio.completed", seconds: int = 0, **payload: object
):
    sightings = Sightings(LocalStorage(fixture.folder), limit=10_000)
    for id in ids:
        sightings.record(Sighting.of_event(event, {"id": id, **payload}, START + timedelta(seconds=seconds)))


def desired(
    fixture: ReconcileFixture, rule: Discover | None, states: dict[str, str] | None = None, policy: Policy = ALLOW
) -> Manifest:
    (file,) = fixture.manifest(states or {}, policy=policy).files
    return Manifest((replace(file, discover=rule),))


def warnings(fixture: ReconcileFixture, manifest: Manifest, **changes: object) -> list[str]:
    return fixture.with_run(lambda run: [w.message for w in plan(run, manifest).warnings], changes)


def ids(fixture: ReconcileFixture, manifest: Manifest, **changes: object) -> list[str]:
    return [one.id for one in fixture.plan(manifest, **changes).projects]


def test_a_sighted_project_is_stored_and_then_settled(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"))
    sight(fixture, "a")
    manifest = desired(fixture, replace(DOWNLOADED, path="found/{id}-{filename}"))
    assert outcomes(fixture.apply(manifest)) == {"a": "downloaded"}
    assert list(fixture.files()) == ["found/a-output.wav"]
    fixture.sandbox.requests.clear()
    assert outcomes(fixture.apply(manifest)) == {"a": "unchanged"}
    assert fixture.sent("GET") == []
    assert warnings(fixture, manifest) == []


def test_without_a_rule_sighted_projects_are_counted_and_not_managed(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"), complete("c"))
    sight(fixture, "a", "b", "c")
    manifest = desired(fixture, None, {"a": "downloaded"})
    assert ids(fixture, manifest) == ["a"]
    assert warnings(fixture, manifest) == ["2 projects were sighted that no manifest lists"]
    assert warnings(fixture, manifest, only=frozenset({"a"})) == []


def test_sightings_are_counted_without_reading_them(reconcile_fixture, monkeypatch):
    fixture = reconcile_fixture(complete("a"))
    sight(fixture, "a", "b")
    opened_paths: list[str] = []
    open_file = LocalStorage.open
    monkeypatch.setattr(
        LocalStorage, "open", lambda self, path: opened_paths.append(path) or open_file(self, path)
    )
    assert warnings(fixture, desired(fixture, None)) == ["2 projects were sighted that no manifest lists"]
    assert not [path for path in opened_paths if "inbox" in path]


def test_a_listed_project_is_not_discovered(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"))
    sight(fixture, "a", "b")
    one = desired(fixture, ARCHIVED).files[0]
    other = fixture.manifest({"a": "downloaded"}, file="n.yaml").files[0]
    for files in ((one, other), (other, one)):
        planned = fixture.plan(Manifest(files))
        assert {p.id: p.desired for p in planned.projects} == {"a": State.DOWNLOADED, "b": State.ARCHIVED}


def test_the_first_file_has_a_project_that_two_discover(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    sight(fixture, "a")
    one = desired(fixture, ARCHIVED).files[0]
    other = replace(desired(fixture, DOWNLOADED).files[0], file="n.yaml")
    assert [p.desired for p in fixture.plan(Manifest((one, other))).projects] == [State.ARCHIVED]
    assert [p.desired for p in fixture.plan(Manifest((other, one))).projects] == [State.DOWNLOADED]


def test_a_discovered_project_is_archived_under_the_guards_of_its_file(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"))
    sight(fixture, "a", "b")
    with pytest.raises(GuardRefused):
        fixture.apply(desired(fixture, ARCHIVED, policy=replace(ALLOW, deletes=Deletes.FORBID)))
    with pytest.raises(GuardRefused):
        fixture.apply(desired(fixture, ARCHIVED, policy=replace(ALLOW, max_deletes=Limit(1))))
    with pytest.raises(ConfirmationMissing):
        fixture.apply(desired(fixture, ARCHIVED, policy=replace(ALLOW, deletes=Deletes.CONFIRM)))
    assert fixture.sent("DELETE") == []
    assert set(outcomes(fixture.apply(desired(fixture, ARCHIVED))).values()) == {"archived"}
    assert sorted(fixture.files()) == ["a/output.wav", "b/output.wav"]
    fixture.check_receipts_are_true()


def test_without_deletes_a_discovered_project_is_only_stored(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    sight(fixture, "a")
    fixture.apply(desired(fixture, ARCHIVED), ApplyOptions(no_deletes=True))
    assert fixture.sent("DELETE") == []
    assert list(fixture.files()) == ["a/output.wav"]


def test_types_and_since_are_conditions(reconcile_fixture):
    fixture = reconcile_fixture(*(complete(id) for id in "abc"))
    sight(fixture, "a", type="MUSIC_GENERATOR")
    sight(fixture, "b", type="VOICE_CLONER", seconds=100)
    sight(fixture, "c")
    music = replace(DOWNLOADED, types=("MUSIC_GENERATOR",))
    late = replace(DOWNLOADED, since=START + timedelta(seconds=100))
    assert ids(fixture, desired(fixture, music)) == ["a"]
    assert ids(fixture, desired(fixture, late)) == ["b"]
    assert ids(fixture, desired(fixture, DOWNLOADED)) == ["a", "b", "c"]


def test_a_narrower_rule_no_longer_manages_what_was_stored(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    sight(fixture, "a", type="MUSIC_GENERATOR")
    fixture.apply(desired(fixture, DOWNLOADED))
    assert ids(fixture, desired(fixture, replace(ARCHIVED, types=("VOICE_CLONER",)))) == []


def test_a_render_without_outputs_is_not_managed(reconcile_fixture):
    fixture = reconcile_fixture(
        SandboxProject("errored", status="error"), SandboxProject("called-off", status="canceled")
    )
    sight(fixture, "errored", event="audio.errored", status="error")
    sight(fixture, "called-off", event="audio.started", status="rendering")
    (planned,) = fixture.plan(desired(fixture, ARCHIVED)).projects
    assert (planned.id, planned.verdict, planned.reason_code) == ("called-off", "unchanged", "render_canceled")
    assert fixture.sent("GET") == ["called-off"]


def test_a_project_that_is_gone_before_it_was_stored_is_reported(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), SandboxProject("gone", is_deleted=True))
    sight(fixture, "gone")
    (planned,) = fixture.plan(desired(fixture, DOWNLOADED)).projects
    assert planned.verdict == "blocked"


def test_a_sighting_that_cannot_be_read_is_reported(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    sight(fixture, "a")
    (fixture.folder / sighting_path("a")).write_text("{")
    assert ids(fixture, desired(fixture, DOWNLOADED)) == ["a"]
    music = desired(fixture, replace(ARCHIVED, types=("MUSIC_GENERATOR",)))
    assert ids(fixture, music) == []
    assert warnings(fixture, music) == ["the sighting of a is not JSON"]


def test_a_storage_that_cannot_be_listed_is_an_error_only_with_a_rule(reconcile_fixture, monkeypatch):
    fixture = reconcile_fixture(complete("a"))

    def broken(self, prefix: str = ""):
        raise StorageError("the disk is gone")

    monkeypatch.setattr(LocalStorage, "list", broken)
    with pytest.raises(StorageError):
        fixture.plan(desired(fixture, DOWNLOADED))
    (planned,) = fixture.plan(desired(fixture, None, {"a": "downloaded"})).projects
    assert planned.verdict == "failed"


def test_status_and_verify_include_discovered_projects(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    sight(fixture, "a")
    manifest = desired(fixture, DOWNLOADED)
    fixture.apply(manifest)
    report = fixture.with_run(lambda run: status(run, manifest))
    assert [project.id for project in report.projects] == ["a"]
    found = verify(fixture.hooks, manifest, settings=fixture.settings, stop=fixture.stop)
    assert [(file.id, file.finding) for file in found.files] == [("a", "ok")]


def test_only_named_ids_are_discovered_where_ids_are_given(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"))
    sight(fixture, "a", "b")
    manifest = desired(fixture, DOWNLOADED)
    with opened(fixture.hooks, manifest) as storages:
        found = discover(manifest, storages, settings=fixture.settings, stop=fixture.stop, only={"b"})
    assert found.manifest.ids == {"b"}
    assert found.unlisted == frozenset()
