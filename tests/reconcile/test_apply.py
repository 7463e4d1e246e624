"""apply, with a real server and a real folder: the three states, and the order of actions that protects audio."""

from __future__ import annotations

from datetime import datetime

import pytest

from mhsync.cli.render.terminal import Style
from mhsync.cli.render.text import plan_text, report_text
from mhsync.core.manifest import Deletes, Limit, Policy
from mhsync.core.run_report import Outcome
from mhsync.errors import AuthenticationFailed, ConfirmationMissing, GuardRefused, StorageUnavailable
from mhsync.hooks.manager import Hooks
from mhsync.hooks.specs import hookimpl
from mhsync.reconcile.context import ApplyOptions
from mhsync.reconcile.progress import ProjectFinished
from mhsync.sandbox.account import AfterDelete, SandboxProject, outputs_of
from mhsync.sandbox.faults import Changed, Expired, OtherId, Reset, Status, UnknownStatus
from mhsync.storage.local import LocalStorage
from tests.reconcile.fixture import ALLOW, collect_warnings, complete, outcomes, result_of

ASK = Policy(deletes=Deletes.CONFIRM)


def test_all_three_states_are_applied_and_a_second_run_finds_nothing_to_do(reconcile_fixture):
    fixture = reconcile_fixture(complete("kept", 2), complete("archived"), complete("unwanted"))
    states = {"kept": "downloaded", "archived": "archived", "unwanted": "deleted"}
    first = fixture.apply(states)
    assert outcomes(first) == {"kept": "downloaded", "archived": "archived", "unwanted": "deleted"}
    assert fixture.files() == {"kept/output.wav": 2000, "kept/output-2.wav": 2000, "archived/output.wav": 2000}
    assert sorted(fixture.sent("DELETE")) == ["archived", "unwanted"]
    fixture.check_receipts_are_true()
    fixture.sandbox.requests.clear()
    second = fixture.apply(states)
    assert set(outcomes(second).values()) == {"unchanged"}
    assert fixture.sandbox.requests.all() == (), "what is settled needs no request"
    assert fixture.leftovers() == []


def test_deletes_begin_when_all_downloads_have_ended(reconcile_fixture):
    fixture = reconcile_fixture(*(complete(f"a{n}") for n in range(6)), complete("unwanted"))
    fixture.apply({"unwanted": "deleted", **{f"a{n}": "archived" for n in range(6)}})
    order = [
        (e.host, e.method) for e in fixture.sandbox.requests.all() if e.method == "DELETE" or e.host == "files"
    ]
    first_delete = order.index(("api", "DELETE"))
    assert all(host == "api" for host, _ in order[first_delete:])
    assert len(order) == 6 + 7


def test_an_archived_project_is_deleted_after_receipt_and_a_fresh_get(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.apply({"one": "archived"})
    kinds = [(e.host, e.method) for e in fixture.sandbox.requests.all()]
    assert kinds == [("api", "GET"), ("files", "GET"), ("api", "GET"), ("api", "DELETE")]
    receipt = fixture.receipt("one")
    assert receipt["deletion"] == "deleted"
    stored, deleting, deleted = (
        datetime.fromisoformat(receipt[key]) for key in ("stored_at", "deleting_at", "deleted_at")
    )
    assert stored <= deleting <= deleted


def test_a_copy_that_changed_on_disk_is_not_trusted_before_a_delete(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.apply({"one": "downloaded"})
    stored = fixture.folder / "one/output.wav"
    stored.write_bytes(b"x" * stored.stat().st_size)
    report = fixture.apply({"one": "archived"})
    assert outcomes(report) == {"one": "failed"}
    assert fixture.sent("DELETE") == []
    assert fixture.receipt("one")["outputs"][0]["suspect"] is True
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    fixture.check_receipts_are_true()


def test_other_outputs_at_the_last_moment_keep_the_original(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.apply({"one": "downloaded"})

    def swap(prepared):
        fixture.sandbox.account.put(complete("one", 2))

    report = fixture.apply({"one": "archived"}, before_execute=swap)
    assert outcomes(report) == {"one": "failed"}
    assert result_of(report, "one").error.code == "outputs_changed"
    assert fixture.sent("DELETE") == []


def test_one_failure_stops_no_other_work_and_is_reported(reconcile_fixture):
    fixture = reconcile_fixture(complete("good"), complete("bad"))
    fixture.fault(Status(500), host="files", id="bad")
    report = fixture.apply({"bad": "archived", "good": "archived"})
    assert outcomes(report) == {"bad": "failed", "good": "archived"}
    actions = [(a.action.value, a.outcome.value) for a in result_of(report, "bad").actions]
    assert actions == [("download", "failed"), ("delete", "skipped")]
    assert report.exit_code == 1
    fixture.no_faults()
    assert outcomes(fixture.apply({"bad": "archived", "good": "archived"})) == {
        "bad": "archived",
        "good": "unchanged",
    }


@pytest.mark.parametrize("drift", ["missing", "truncated"])
def test_drift_is_repaired(reconcile_fixture, drift):
    fixture = reconcile_fixture(complete("one", 2))
    fixture.apply({"one": "downloaded"})
    stored = fixture.folder / "one/output-2.wav"
    stored.unlink() if drift == "missing" else stored.write_bytes(b"short")
    assert fixture.plan({"one": "downloaded"}).projects[0].reason_code == "drift"
    assert outcomes(fixture.apply({"one": "downloaded"})) == {"one": "downloaded"}
    fixture.check_receipts_are_true()


def test_drift_under_a_new_path_leaves_no_second_copy_and_needs_one_run(reconcile_fixture):
    fixture = reconcile_fixture(complete("one", 2))
    fixture.apply({"one": ("downloaded", "old/{filename}")})
    (fixture.folder / "old/output.wav").unlink()
    wanted = {"one": ("downloaded", "new/{filename}")}
    assert outcomes(fixture.apply(wanted)) == {"one": "downloaded"}
    assert set(fixture.files()) == {"new/output.wav", "new/output-2.wav"}
    fixture.check_receipts_are_true()
    assert outcomes(fixture.apply(wanted)) == {"one": "unchanged"}


def test_a_lost_copy_of_a_gone_project_is_reported(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.apply({"one": "archived"})
    (fixture.folder / "one/output.wav").unlink()
    report = fixture.apply({"one": "archived"})
    assert outcomes(report) == {"one": "blocked"}
    assert "the copy is lost" in result_of(report, "one").error.message


def test_an_expired_link_is_renewed_by_a_new_get(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.fault(Expired(), host="files", times=1)
    assert outcomes(fixture.apply({"one": "downloaded"})) == {"one": "downloaded"}
    assert fixture.sent("GET") == ["one", "one"]


@pytest.mark.parametrize(
    "fault", [Status(500), UnknownStatus(), OtherId(), Reset()], ids=lambda f: type(f).__name__
)
@pytest.mark.parametrize("state", ["downloaded", "archived", "deleted"])
def test_a_get_that_fails_leads_to_no_action(reconcile_fixture, fault, state):
    fixture = reconcile_fixture(complete("one"))
    fixture.fault(fault, host="api", method="GET")
    report = fixture.apply({"one": state})
    assert outcomes(report) == {"one": "failed"}
    assert fixture.sent("DELETE") == []
    assert fixture.files() == {}


def test_a_wrong_key_ends_the_run_before_anything_changes(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.key = "wrong"
    with pytest.raises(AuthenticationFailed):
        fixture.apply({"one": "deleted"})
    assert fixture.sent("DELETE") == []


def test_a_key_that_is_refused_during_the_run_leaves_the_rest_not_attempted(reconcile_fixture):
    fixture = reconcile_fixture(*(complete(f"p{n:02}") for n in range(30)))
    fixture.fault(Status(401), method="DELETE")
    report = fixture.apply({f"p{n:02}": "deleted" for n in range(30)})
    found = set(outcomes(report).values())
    assert found == {"failed", "not_attempted"}
    assert len(fixture.sent("DELETE")) <= 16
    assert len(fixture.sandbox.account.ids) == 30


def test_a_delete_answered_404_is_done(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.fault(Status(404), method="DELETE")
    assert outcomes(fixture.apply({"one": "deleted"})) == {"one": "deleted"}


@pytest.mark.parametrize("answer", list(AfterDelete), ids=str)
def test_a_404_without_other_proof_is_never_recorded_as_our_delete(reconcile_fixture, answer):
    fixture = reconcile_fixture(SandboxProject("one", is_deleted=True, after_delete=answer))
    assert outcomes(fixture.apply({"one": "deleted"})) == {"one": "unchanged"}
    assert fixture.receipt("one") is None
    assert fixture.sent("DELETE") == []


def test_receipts_of_another_api_prove_nothing_and_are_kept(reconcile_fixture, tmp_path):
    from mhsync.sandbox.account import Account
    from mhsync.sandbox.server import Sandbox

    fixture = reconcile_fixture(complete("one"))
    fixture.apply({"one": "archived"})
    first = fixture.sandbox.api_url
    with Sandbox(Account([complete("one")])) as other:
        fixture.sandbox = other
        assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
        receipt = fixture.receipt("one")
        assert receipt["api"] == other.api_url
        (kept,) = receipt["others"]
        assert (kept["api"], kept["deletion"]) == (first, "deleted")


def test_deletes_need_confirmation(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    states = fixture.manifest({"one": "deleted"}, policy=ASK)
    with pytest.raises(ConfirmationMissing):
        fixture.apply(states)
    asked = []
    with pytest.raises(ConfirmationMissing):
        fixture.apply(states, before_execute=lambda p: asked.append([one.id for one in p.deletes_to_confirm]))
    assert asked == [["one"]]
    assert fixture.sent("DELETE") == []
    assert outcomes(fixture.apply(states, confirmed=True)) == {"one": "deleted"}


def test_a_guard_refuses_before_anything_changes(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"), complete("c"))
    policy = Policy(deletes=Deletes.ALLOW, max_deletes=Limit(1))
    states = fixture.manifest({"a": "downloaded", "b": "deleted", "c": "deleted"}, policy=policy)
    with pytest.raises(GuardRefused, match="2 of 3 projects would be deleted"):
        fixture.apply(states)
    assert fixture.files() == {}
    assert fixture.sandbox.requests.of(host="files") == ()
    safe = fixture.apply(states, ApplyOptions(no_deletes=True))
    assert outcomes(safe) == {"a": "downloaded", "b": "unchanged", "c": "unchanged"}
    assert fixture.sent("DELETE") == []


def test_archived_into_a_folder_of_a_ci_runner_is_refused(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    states = fixture.manifest({"a": "archived"}, policy=Policy(deletes=Deletes.ALLOW))
    with pytest.raises(GuardRefused, match="CI runner"):
        fixture.apply(states, is_ci=True)
    assert outcomes(fixture.apply(states, ApplyOptions(no_deletes=True), is_ci=True)) == {"a": "downloaded"}


def rendering(id, seconds):
    return SandboxProject(id, status="rendering", outputs=outputs_of(id), later=((seconds, "complete"),))


def test_with_wait_completed_renders_are_downloaded_and_deletes_come_last(reconcile_fixture):
    fixture = reconcile_fixture(rendering("slow", 0.4), rendering("quick", 0.1), complete("unwanted"))
    states = {"slow": "archived", "quick": "downloaded", "unwanted": "deleted"}
    report = fixture.apply(states, ApplyOptions(wait=20.0))
    assert outcomes(report) == {"slow": "archived", "quick": "downloaded", "unwanted": "deleted"}
    order = [
        (e.host, e.method, e.id)
        for e in fixture.sandbox.requests.all()
        if e.method == "DELETE" or e.host == "files"
    ]
    assert {e[1] for e in order[-2:]} == {"DELETE"}
    assert set(outcomes(fixture.apply(states)).values()) == {"unchanged"}


def test_wait_that_runs_out_is_exit_4_and_drafts_are_not_waited_for(reconcile_fixture):
    fixture = reconcile_fixture(rendering("slow", 60), SandboxProject("draft", status="draft"))
    report = fixture.apply({"slow": "downloaded"}, ApplyOptions(wait=0.2))
    assert (outcomes(report), report.exit_code) == ({"slow": "pending"}, 4)
    report = fixture.apply({"draft": "downloaded"}, ApplyOptions(wait=20.0))
    assert (outcomes(report), report.exit_code) == ({"draft": "pending"}, 0)


def test_without_deletes_renders_that_would_only_be_deleted_are_not_waited_for(reconcile_fixture):
    fixture = reconcile_fixture(rendering("slow", 60))
    report = fixture.apply({"slow": "deleted"}, ApplyOptions(wait=30.0, no_deletes=True))
    assert (outcomes(report), report.exit_code) == ({"slow": "pending"}, 0)


def test_deletes_that_renders_may_come_to_are_counted_before_waiting(reconcile_fixture):
    fixture = reconcile_fixture(rendering("slow", 60))
    policy = Policy(deletes=Deletes.ALLOW, max_deletes=Limit(0))
    with pytest.raises(GuardRefused):
        fixture.apply(fixture.manifest({"slow": "deleted"}, policy=policy), ApplyOptions(wait=20.0))


def test_only_changes_no_other_project(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"))
    report = fixture.apply({"a": "deleted", "b": "deleted"}, only=frozenset({"a"}))
    assert outcomes(report) == {"a": "deleted"}
    assert fixture.sent("DELETE") == ["a"]
    assert fixture.sent("GET") == ["a"]


def test_a_stop_leaves_the_rest_not_attempted_and_exits_130(reconcile_fixture):
    fixture = reconcile_fixture(*(complete(f"p{n:02}") for n in range(20)))
    report = fixture.apply(
        {f"p{n:02}": "archived" for n in range(20)}, before_execute=lambda prepared: fixture.stop.request()
    )
    assert set(outcomes(report).values()) == {"not_attempted"}
    assert report.exit_code == 130
    assert fixture.sent("DELETE") == []


def test_plan_writes_nothing_and_sends_no_notification(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    plan = fixture.plan({"a": "archived"})
    assert plan.summary["download"] == 1
    assert not fixture.folder.exists()
    assert fixture.sandbox.requests.of(host="files") == ()


def test_two_files_that_share_a_storage_share_its_paths(reconcile_fixture):
    from mhsync.core.manifest import Manifest

    fixture = reconcile_fixture(complete("a", name="Same"), complete("b", name="Same"))
    one = fixture.manifest({"a": ("downloaded", "{name}{ext}")}, file="1.yaml")
    two = fixture.manifest({"b": ("downloaded", "{name}{ext}")}, file="2.yaml")
    plan = fixture.plan(Manifest(one.files + two.files))
    assert [p.reason_code for p in plan.projects] == ["path_clash", "path_clash"]


def test_an_unreadable_receipt_is_left_as_it_is(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"), complete("two"))
    fixture.apply({"one": "downloaded"})
    path = fixture.folder / ".mhsync/receipts/one.json"
    path.write_text('{"version": 99}')
    report = fixture.apply({"one": "deleted", "two": "downloaded"})
    assert outcomes(report) == {"one": "failed", "two": "downloaded"}
    assert path.read_text() == '{"version": 99}'
    assert fixture.sent("DELETE") == []


def test_the_observer_receives_results_as_they_become_final(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"))
    seen = []

    def observer(event):
        if isinstance(event, ProjectFinished):
            seen.append((event.result.id, event.result.outcome))

    fixture.apply({"a": "downloaded", "b": "deleted"}, observer=observer)
    assert sorted(seen) == [("a", Outcome.DOWNLOADED), ("b", Outcome.DELETED)]


def test_an_output_that_changed_after_the_plan_is_fetched_completely(reconcile_fixture):
    fixture = reconcile_fixture(complete("one", size=50_000))
    fixture.fault(Changed(), host="files", nth=1)
    assert outcomes(fixture.apply({"one": "downloaded"})) == {"one": "downloaded"}
    fixture.check_receipts_are_true()


def test_allow_is_the_policy_of_these_tests():
    assert ALLOW.deletes is Deletes.ALLOW


def test_a_storage_that_cannot_be_read_is_reported_by_its_own_error_and_not_cleared(reconcile_fixture):
    """For example wrong credentials: the report has the cause and no warning about leftovers of ended runs."""
    fixture = reconcile_fixture(*(complete(f"p{n}") for n in range(3)))
    fixture.folder.mkdir()
    warnings, swept = [], []

    class Locked(LocalStorage):
        def list(self, prefix=""):
            raise StorageUnavailable("cannot list shelf://a: the password is wrong")

        def sweep(self):
            swept.append(True)
            raise StorageUnavailable("cannot list shelf://a: the password is wrong")

    class Plugin:
        @hookimpl
        def mhsync_storage_schemes(self):
            return {"shelf": lambda url, options: Locked(fixture.folder)}

    fixture.hooks = Hooks.of(shelf=Plugin())
    desired = fixture.manifest({f"p{n}": "downloaded" for n in range(3)}, storage="shelf://a")
    report = fixture.apply(desired, observer=collect_warnings(warnings))
    assert warnings == []
    assert swept == []
    assert {result.error.code for result in report.results} == {"storage_unreadable"}
    assert report_text(report, Style(100)).count("the password is wrong") == 1
    with_plan = plan_text(fixture.plan(desired), Style(100))
    assert with_plan.count("the password is wrong") == 1
    assert "3 projects" in with_plan
