"""WatchLoop against a real sandbox. The clock is the test's: `sleep` moves it, and does what the test planned."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import pytest

from mhsync.core.manifest import Limit
from mhsync.errors import PlanRefused, UsageError
from mhsync.reconcile.context import ApplyOptions
from mhsync.reconcile.progress import ignore_progress
from mhsync.reconcile.watch import RunEnded, RunStarted, WatchEvent, WatchLoop, WatchResult, WatchRun
from mhsync.sandbox import faults as f
from mhsync.sandbox.account import SandboxProject
from mhsync.settings import WatchSettings
from tests.reconcile.conftest import open_reconciler
from tests.reconcile.fixture import QUICK, ReconcileFixture, complete

ONE = "version: 1\nprojects: [{id: a}]\n"


@dataclass
class Watched:
    """A loop with a clock of its own. `at` plans what happens at a time."""

    fixture: ReconcileFixture
    plans: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    runs: list[WatchRun] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    time: float = 0.0
    active: int = 0
    loop: WatchLoop = field(init=False)

    def at(self, moment: float, action: Callable[[], object]) -> None:
        self.plans.append((moment, action))
        self.plans.sort(key=lambda plan: plan[0])

    def run(self, until: float) -> list[tuple[str, str]]:
        """The trigger and the result of each run up to that time."""
        self.at(until, self.loop.reconciler.stop.request)
        self.loop.run()
        return [(run.trigger.value, run.result.value) for run in self.runs]

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        while self.plans and self.plans[0][0] <= self.time:
            self.plans.pop(0)[1]()

    def listen(self, event: WatchEvent) -> None:
        match event:
            case RunStarted():
                self.active += 1
                assert self.active == 1, "one run at a time"
            case RunEnded(run, next_in, _):
                self.active -= 1
                self.runs.append(run)
                self.waits.append(next_in)


@pytest.fixture
def watched(reconcile_fixture, tmp_path) -> Iterator[Callable[..., Watched]]:
    """`watched(projects…, text=…)`: a loop on the manifest `m.yaml`, with an interval of 100 s."""
    with ExitStack() as stack:

        def start(*projects: SandboxProject, text: str = ONE, observer=ignore_progress, **options) -> Watched:
            one = Watched(reconcile_fixture(*projects))
            (tmp_path / "m.yaml").write_text(text)
            http = replace(QUICK.http, attempts=2)  # A failing API is asked again by the loop.
            settings = replace(QUICK, http=http, watch=WatchSettings(every=100.0, jitter=0.0))
            reconciler = stack.enter_context(open_reconciler(one.fixture, settings=settings, observer=observer))
            one.loop = WatchLoop(
                reconciler,
                [tmp_path / "m.yaml"],
                listener=one.listen,
                clock=lambda: one.time,
                random=lambda: 0.5,
                sleep=one.sleep,
                **options,
            )
            return one

        yield start


def test_it_runs_at_the_start_and_at_the_interval_and_sends_no_request_for_what_is_settled(watched):
    one = watched(complete("a"))
    one.at(50, one.fixture.sandbox.requests.clear)
    assert one.run(until=350) == [("start", "succeeded"), *[("interval", "succeeded")] * 3]
    assert one.runs[0].report.summary["downloaded"] == 1
    assert [run.report for run in one.runs[1:]] == [None] * 3, "an apply without work would send notifications"
    assert one.fixture.sandbox.requests.all() == ()
    assert one.waits == [100.0] * 4


def test_a_change_of_a_manifest_is_applied_within_seconds(watched, tmp_path):
    one = watched(complete("a"), complete("b"))
    one.at(10, lambda: (tmp_path / "m.yaml").write_text("version: 1\nprojects: [{id: a}, {id: b}]\n"))
    assert one.run(until=20) == [("start", "succeeded"), ("manifest", "succeeded")]
    assert one.runs[1].report.summary["downloaded"] == 1


def test_a_manifest_that_is_invalid_during_an_edit_changes_nothing_and_is_loaded_again(watched, tmp_path):
    one = watched(complete("a"))
    one.at(10, lambda: (tmp_path / "m.yaml").write_text("version: 1\nprojects: [{id: a}, {i"))
    one.at(20, (tmp_path / "m.yaml").unlink)
    one.at(30, lambda: (tmp_path / "m.yaml").write_text(ONE + "# complete\n"))
    assert one.run(until=40) == [
        ("start", "succeeded"),
        ("manifest", "invalid_manifest"),
        ("manifest", "invalid_manifest"),
        ("manifest", "succeeded"),
    ]
    assert [problem.code for problem in one.runs[2].error.problems] == ["missing"]
    assert one.waits[1] == 100.0, "an invalid manifest is no reason to try again soon"


def test_webhooks_cause_one_run_within_seconds(watched):
    one = watched(SandboxProject("a", status="rendering"))
    one.at(10, lambda: one.fixture.sandbox.account.put(complete("a")))
    for moment in (10, 10.25, 10.5, 10.75):
        one.at(moment, one.loop.wake)
    assert one.run(until=14) == [("start", "succeeded"), ("webhook", "succeeded")]
    assert one.runs[0].plan.summary["pending"] == 1
    assert one.runs[1].report.summary["downloaded"] == 1


def test_a_webhook_during_a_run_causes_another_one(watched):
    woken = threading.Event()

    def wake_once(_: object) -> None:
        if not woken.is_set():
            woken.set()
            one.loop.wake()

    one = watched(complete("a"), observer=wake_once)
    assert one.run(until=5) == [("start", "succeeded"), ("webhook", "succeeded")]


def test_an_api_that_is_down_for_a_while_is_asked_less_and_less_often_until_it_returns(watched):
    one = watched(complete("a"))
    one.fixture.fault(f.Status(503), host="api")
    one.at(20, one.fixture.no_faults)
    seen = one.run(until=40)
    assert seen[0] == ("start", "failed")
    assert seen[-1] == ("retry", "succeeded")
    assert one.waits[: len(seen) - 1] == [5 * 0.75 * 2**n for n in range(len(seen) - 1)]
    assert one.waits[-1] == 100.0
    assert one.runs[-1].report.summary["downloaded"] == 1


def test_a_refused_key_ends_a_run_and_not_the_loop(watched):
    one = watched(complete("a"))
    one.fixture.fault(f.Status(401), host="api")
    one.at(1, one.fixture.no_faults)
    assert one.run(until=20) == [("start", "failed"), ("retry", "succeeded")]
    assert one.runs[0].error.code == "authentication_failed"


def test_an_unexpected_exception_ends_a_run_and_not_the_loop(watched, monkeypatch):
    one = watched(complete("a"))
    with monkeypatch.context() as patched:
        patched.setattr("mhsync.reconcile.watch.load_manifests", lambda *_, **__: 1 / 0)
        one.at(1, patched.undo)
        assert one.run(until=20) == [("start", "failed"), ("retry", "succeeded")]
    assert "ZeroDivisionError" in one.runs[0].error.message


DELETES = """\
version: 1
policy: {{deletes: {deletes}{more}}}
projects: [{{id: a, state: deleted}}, {{id: b, state: archived}}, {{id: c}}]
"""


@pytest.mark.parametrize("deletes", ["allow", "confirm", "forbid"])
def test_only_the_policy_allow_deletes_and_the_rest_is_done(watched, deletes):
    one = watched(complete("a"), complete("b"), complete("c"), text=DELETES.format(deletes=deletes, more=""))
    assert one.run(until=5) == [("start", "succeeded")]
    assert sorted(one.fixture.sent("DELETE")) == (["a", "b"] if deletes == "allow" else [])
    assert {"b/output.wav", "c/output.wav"} == one.fixture.files().keys()


def test_the_policy_is_that_of_each_file(watched, tmp_path):
    one = watched(complete("a"), complete("b"), complete("c"), text=DELETES.format(deletes="confirm", more=""))
    (tmp_path / "more.yaml").write_text(
        "version: 1\npolicy: {deletes: allow}\nprojects: [{id: d, state: deleted}]\n"
    )
    one.fixture.sandbox.account.put(complete("d"))
    one.loop.manifests = [tmp_path]
    one.run(until=5)
    assert one.fixture.sent("DELETE") == ["d"]


def test_no_deletes_is_kept(watched):
    text = DELETES.format(deletes="allow", more="")
    options = ApplyOptions(no_deletes=True)
    one = watched(complete("a"), complete("b"), complete("c"), text=text, options=options)
    assert one.run(until=5) == [("start", "succeeded")]
    assert one.fixture.sent("DELETE") == []


@pytest.mark.parametrize("more", [", max_deletes: 1", ""])
def test_what_a_guard_refuses_is_reported_and_the_rest_is_done(watched, more):
    options = ApplyOptions() if more else ApplyOptions(max_deletes=Limit(1))
    text = DELETES.format(deletes="allow", more=more)
    one = watched(complete("a"), complete("b"), complete("c"), text=text, options=options)
    assert one.run(until=150) == [("start", "refused"), ("interval", "refused")]
    assert [problem.code for problem in one.runs[0].error.problems] == ["max_deletes"]
    assert one.fixture.sent("DELETE") == []
    assert {"b/output.wav", "c/output.wav"} == one.fixture.files().keys()


def test_a_veto_of_a_plugin_is_not_overridden(watched, monkeypatch):
    one = watched(complete("a"))

    def veto(_: object) -> None:
        raise PlanRefused("not today")

    monkeypatch.setattr(type(one.loop.reconciler.hooks), "review_plan", lambda self, plan: veto(plan))
    assert one.run(until=5) == [("start", "refused")]
    assert one.fixture.files() == {}


def test_a_stop_during_a_run_interrupts_it_and_ends_the_loop(watched):
    one = watched(complete("a"), observer=lambda _: one.loop.reconciler.stop.request())
    assert one.loop.run() is True
    assert [run.result for run in one.runs] == [WatchResult.INTERRUPTED]


def test_only_is_applied_to_the_manifests_as_they_are(watched, tmp_path):
    two = "version: 1\nprojects: [{id: a}, {id: b}]\n"
    one = watched(complete("a"), complete("b"), text=two, only=("b*",))
    one.at(10, lambda: (tmp_path / "m.yaml").write_text(ONE))
    assert one.run(until=20) == [("start", "succeeded"), ("manifest", "invalid_manifest")]
    assert {"b/output.wav"} == one.fixture.files().keys()


def test_a_delete_that_was_interrupted_is_recorded_by_a_later_run(watched):
    """It is no action of a plan, so such a run must not be left out."""
    text = "version: 1\npolicy: {deletes: allow}\nprojects: [{id: a, state: archived}, {id: b, state: deleted}]\n"
    one = watched(complete("a"), SandboxProject("b", status="rendering"), text=text)

    def interrupt() -> None:
        path = one.fixture.folder / ".mhsync/receipts/a.json"
        kept = json.loads(path.read_text())
        path.write_text(json.dumps({**kept, "deletion": "deleting", "deleted_at": None}))

    one.at(50, interrupt)
    assert one.run(until=150) == [("start", "succeeded"), ("interval", "succeeded")]
    assert one.fixture.receipt("a")["deletion"] == "deleted"
    assert one.fixture.sent("DELETE") == ["a"]


def test_it_is_alive_while_it_looks_at_the_clock_or_runs(watched):
    one = watched(complete("a"))
    assert one.loop.is_alive
    one.time += 61
    assert not one.loop.is_alive


def test_wait_and_a_saved_plan_are_refused(watched):
    with pytest.raises(UsageError):
        watched(complete("a"), options=ApplyOptions(wait=1.0))
