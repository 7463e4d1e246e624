"""wait_for_renders: poll the rendering projects until they end or the time is up."""

from __future__ import annotations

import time
from dataclasses import replace

from mhsync.core.plan import Verdict
from mhsync.reconcile.context import ApplyOptions, Stop
from mhsync.reconcile.progress import WaitingForRenders
from mhsync.sandbox.account import SandboxProject, outputs_of
from mhsync.settings import WaitSettings
from tests.reconcile.fixture import outcomes


def rendering(id: str, seconds: float) -> SandboxProject:
    return SandboxProject(id, status="rendering", outputs=outputs_of(id), later=((seconds, "complete"),))


def test_each_project_is_processed_as_its_render_ends(reconcile_fixture):
    fixture = reconcile_fixture(rendering("quick", 60), rendering("slow", 60))
    pending = []

    def observer(event):
        if isinstance(event, WaitingForRenders):
            pending.append(event.pending)
            fixture.sandbox.account.set_status("quick" if event.pending == 2 else "slow", "complete")

    report = fixture.apply(
        {"quick": "downloaded", "slow": "downloaded"}, ApplyOptions(wait=50.0), observer=observer
    )
    assert outcomes(report) == {"quick": "downloaded", "slow": "downloaded"}
    assert pending[0] == 2
    assert pending[-1] == 1
    assert not report.wait_ran_out


def test_a_project_that_has_ended_is_not_polled_again(reconcile_fixture):
    fixture = reconcile_fixture(rendering("quick", 60), rendering("slow", 60))

    def observer(event):
        if isinstance(event, WaitingForRenders):
            fixture.sandbox.account.set_status("quick" if event.pending == 2 else "slow", "complete")

    fixture.apply({"quick": "downloaded", "slow": "downloaded"}, ApplyOptions(wait=50.0), observer=observer)
    sent = fixture.sent("GET")
    assert sent.count("quick") < sent.count("slow")


def test_the_wait_ends_when_the_time_is_up(reconcile_fixture):
    fixture = reconcile_fixture(rendering("slow", 60))
    began = time.monotonic()
    report = fixture.apply({"slow": "downloaded"}, ApplyOptions(wait=0.3))
    assert report.wait_ran_out
    assert 0.3 <= time.monotonic() - began < 10


def test_a_stop_ends_the_wait(reconcile_fixture):
    fixture = reconcile_fixture(rendering("slow", 60))

    def observer(event):
        if isinstance(event, WaitingForRenders):
            fixture.stop.request()

    report = fixture.apply({"slow": "downloaded"}, ApplyOptions(wait=60.0), observer=observer)
    assert report.exit_code == 130
    assert not report.wait_ran_out


def test_without_wait_nothing_is_polled(reconcile_fixture):
    fixture = reconcile_fixture(rendering("slow", 60))
    assert fixture.plan({"slow": "downloaded"}).projects[0].verdict is Verdict.PENDING
    assert outcomes(fixture.apply({"slow": "downloaded"})) == {"slow": "pending"}
    assert fixture.sent("GET") == ["slow", "slow"]


def test_all_projects_are_polled_in_one_rhythm_whose_pauses_grow(reconcile_fixture):
    """The default pauses, by a clock that the test sets. One render ends before each of the first four polls."""
    ids = [f"p{number}" for number in range(5)]
    fixture = reconcile_fixture(*(SandboxProject(id_, status="rendering", outputs=outputs_of(id_)) for id_ in ids))
    fixture.settings = replace(fixture.settings, wait=WaitSettings())
    slept: list[float] = []

    class FakeSleep(Stop):
        def sleep(self, seconds: float) -> bool:
            slept.append(seconds)
            if len(slept) <= 4:
                fixture.sandbox.account.set_status(ids[len(slept) - 1], "complete")
            return False

    fixture.stop = FakeSleep()
    report = fixture.apply(dict.fromkeys(ids, "downloaded"), ApplyOptions(wait=60.0), clock=lambda: sum(slept))

    assert slept == [3.0, 4.5, 6.75, 10.125, 15.0, 15.0, 60 - 54.375]
    assert list(outcomes(report).values()) == ["downloaded"] * 4 + ["pending"]
    polls = [fixture.sent("GET").count(id_) - 1 for id_ in ids]  # one GET was for the plan
    assert polls == [1, 2, 3, 4, 7]
