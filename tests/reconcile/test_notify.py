"""Notifications: each result is sent once, the totals last; a receiver that fails never fails a run."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

import mhsync
from mhsync.core.manifest import Manifest, NotifyTarget
from mhsync.errors import Position
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.context import ApplyOptions
from mhsync.sandbox.account import SandboxProject, outputs_of
from mhsync.sandbox.faults import Status
from mhsync.storage.local import LocalStorage
from tests.reconcile.fixture import collect_warnings, complete, outcomes, result_of


class Listener:
    """A plugin that keeps the events that it receives, as a notifier and through the event hook."""

    def __init__(self, *, fails=False, slow=0.0):
        self.received, self.urls, self.events = [], [], []
        self.fails, self.slow = fails, slow

    @mhsync.hookimpl
    def mhsync_notifier_schemes(self):
        return {"listen": self.make}

    def make(self, url, options):
        self.urls.append((url, dict(options)))
        return self

    def notify(self, event):
        time.sleep(self.slow)
        self.received.append(event)
        if self.fails:
            raise RuntimeError("500 from https://chat.example/?token=SECRET")

    @mhsync.hookimpl
    def mhsync_event(self, event):
        self.events.append(event)


def notified(fixture, states, *targets) -> Manifest:
    (file,) = fixture.manifest(states).files
    return Manifest((replace(file, notify=targets),))


def storage_plugin(make):
    """A plugin whose storages, under mine://, are made by `make`."""

    class Plugin:
        @mhsync.hookimpl
        def mhsync_storage_schemes(self):
            return {"mine": lambda url, options: make()}

    return Plugin()


def names(events):
    return [(event.name, event.subject) for event in events]


def test_each_project_is_reported_and_the_totals_come_last(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"), complete("c"))
    listener = Listener()
    fixture.hooks = Hooks.of(listener=listener)
    states = {"a": "downloaded", "b": "deleted", "c": "archived"}
    fixture.apply(notified(fixture, states, NotifyTarget("listen://x")))
    received = names(listener.received)
    assert received[0] == ("run.started", None)
    assert sorted(received[1:-1]) == [
        ("project.archived", "c"),
        ("project.deleted", "b"),
        ("project.downloaded", "a"),
    ]
    assert received[-1] == ("run.finished", None)
    assert listener.received[-1].data["summary"]["archived"] == 1
    assert names(listener.events) == received, "the event hook receives the same events"


def test_unchanged_projects_are_not_reported(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    fixture.apply({"a": "downloaded"})
    listener = Listener()
    fixture.hooks = Hooks.of(listener=listener)
    fixture.apply(notified(fixture, {"a": "downloaded"}, NotifyTarget("listen://x")))
    assert names(listener.received) == [("run.started", None), ("run.finished", None)]


def test_unchanged_projects_are_reported_to_targets_that_request_them(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    fixture.apply({"a": "downloaded"})
    listener = Listener()
    fixture.hooks = Hooks.of(listener=listener)
    fixture.apply(notified(fixture, {"a": "downloaded"}, NotifyTarget("listen://x", on=("unchanged",))))
    assert names(listener.received) == [("project.unchanged", "a"), ("run.finished", None)]


def test_the_totals_are_sent_even_if_a_slow_receiver_leaves_no_time_for_the_rest(reconcile_fixture):
    fixture = reconcile_fixture(*(complete(f"p{n}") for n in range(8)))
    listener, warnings = Listener(slow=0.3), []
    fixture.hooks = Hooks.of(listener=listener)
    fixture.settings = replace(fixture.settings, run=replace(fixture.settings.run, notify_timeout=1.5))
    desired = notified(fixture, {f"p{n}": "downloaded" for n in range(8)}, NotifyTarget("listen://x"))
    fixture.apply(desired, observer=collect_warnings(warnings))
    assert listener.received[-1].name == "run.finished"
    assert "events were not sent" in warnings[-1]


def test_targets_of_a_file_receive_only_events_of_its_projects(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"))
    listener = Listener()
    fixture.hooks = Hooks.of(listener=listener)
    one = notified(fixture, {"a": "downloaded"}, NotifyTarget("listen://one", on=("downloaded",)))
    (two,) = fixture.manifest({"b": "downloaded"}, file="two.yaml").files
    fixture.apply(Manifest((*one.files, two)))
    assert names(listener.received) == [("project.downloaded", "a"), ("run.finished", None)]


def test_on_chooses_outcomes(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"))
    listener = Listener()
    fixture.hooks = Hooks.of(listener=listener)
    fixture.apply(
        notified(fixture, {"a": "downloaded", "b": "deleted"}, NotifyTarget("listen://x", on=("deleted",)))
    )
    assert names(listener.received) == [("project.deleted", "b"), ("run.finished", None)]


def test_an_environment_variable_is_resolved_only_at_apply_and_options_are_passed_on(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    listener = Listener()
    fixture.hooks = Hooks.of(listener=listener)
    desired = notified(fixture, {"a": "downloaded"}, NotifyTarget("${TARGET}", options={"secret_env": "S"}))
    fixture.plan(desired)
    assert listener.urls == []
    fixture.apply(desired, environ={"TARGET": "listen://hidden"})
    assert listener.urls == [("listen://hidden", {"secret_env": "S"})]


def test_an_unset_name_is_a_warning_and_fails_nothing(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    warnings = []
    desired = notified(fixture, {"a": "downloaded"}, NotifyTarget("${NOT_SET}", position=Position("m.yaml", 7, 5)))
    report = fixture.apply(desired, observer=collect_warnings(warnings))
    assert report.exit_code == 0
    assert warnings == ["m.yaml:7:5: the environment has no NOT_SET (set it to receive notifications)"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MAGIC_HOUR_API_KEY", "mhk_SECRET", "which is reserved for credentials"),
        ("MAGIC_HOUR_API_KEY", "listen://SECRET", "which is reserved for credentials"),
        ("OTHER_KEY", "mhk_SECRET", "whose value is not a URL"),
    ],
)
def test_a_credential_never_stands_for_a_url(reconcile_fixture, name, value, words):
    fixture = reconcile_fixture(complete("a"))
    listener, warnings = Listener(), []
    fixture.hooks = Hooks.of(listener=listener)
    desired = notified(fixture, {"a": "downloaded"}, NotifyTarget(f"${{{name}}}"))
    report = fixture.apply(desired, environ={name: value}, observer=collect_warnings(warnings))
    assert report.exit_code == 0
    assert listener.urls == []
    (warning,) = warnings
    assert words in warning
    assert "SECRET" not in warning


def test_a_receiver_that_fails_is_named_without_its_secrets_and_fails_nothing(reconcile_fixture):
    fixture = reconcile_fixture(*(complete(f"p{n}") for n in range(6)))
    listener, warnings = Listener(fails=True), []
    fixture.hooks = Hooks.of(listener=listener)
    desired = notified(fixture, {f"p{n}": "downloaded" for n in range(6)}, NotifyTarget("listen://x?token=SECRET"))
    report = fixture.apply(desired, observer=collect_warnings(warnings))
    assert report.exit_code == 0
    assert warnings
    assert sum("listener could not send" in warning for warning in warnings) == 4
    assert sum("listener: 4 events were not sent" in warning for warning in warnings) == 1
    assert "SECRET" not in str(warnings)
    assert len(listener.received) == 4, "no events after three failures, except the last one"
    assert listener.received[-1].name == "run.finished"


def test_a_slow_receiver_delays_the_end_no_longer_than_its_bound(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    listener, warnings = Listener(slow=0.5), []
    fixture.hooks = Hooks.of(listener=listener)
    fixture.settings = replace(fixture.settings, run=replace(fixture.settings.run, notify_timeout=0.1))
    began = time.monotonic()
    fixture.apply(
        notified(fixture, {"a": "downloaded"}, NotifyTarget("listen://x")), observer=collect_warnings(warnings)
    )
    assert "still under way" in warnings[-1]
    assert time.monotonic() - began < 10


def test_an_event_that_is_sent_again_has_the_same_id(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"))
    listener = Listener()
    fixture.hooks = Hooks.of(listener=listener)
    desired = notified(fixture, {"a": "deleted"}, NotifyTarget("listen://x"))
    fixture.fault(Status(500), method="DELETE")
    fixture.apply(desired)
    fixture.apply(desired)
    failures = [event.id for event in listener.received if event.name == "project.failed"]
    assert len(set(failures)) == 2, "two runs that fail are two events"
    fixture.no_faults()
    fixture.apply(desired)
    (deleted,) = [event.id for event in listener.received if event.name == "project.deleted"]
    (fixture.folder / ".mhsync/receipts/a.json").unlink()
    fixture.sandbox.account.put(complete("a"))
    fixture.apply(desired)
    assert [event.id for event in listener.received if event.name == "project.deleted"] == [deleted, deleted]


def test_no_event_holds_a_signed_query(reconcile_fixture):
    fixture = reconcile_fixture(complete("a"), complete("b"))
    listener = Listener()
    fixture.hooks = Hooks.of(listener=listener)
    fixture.fault(Status(500), host="files", id="b")
    fixture.apply(notified(fixture, {"a": "downloaded", "b": "downloaded"}, NotifyTarget("listen://x")))
    text = "".join(str(event.to_json()) for event in listener.received + listener.events)
    assert "?" not in text
    assert fixture.sandbox.key not in text


@pytest.mark.parametrize(
    "wrong", [mhsync.OutputRejected("too quiet"), ValueError("a bug")], ids=["rejected", "raised"]
)
def test_an_output_that_a_check_rejects_never_becomes_visible(reconcile_fixture, wrong):
    class Check:
        @mhsync.hookimpl
        def mhsync_check_output(self, project, output, file):
            assert file.stat().st_size == output.size
            if project.id == "bad":
                raise wrong
            return {"loudness": -20}

    fixture = reconcile_fixture(complete("bad"), complete("good"))
    fixture.hooks = Hooks.of(check=Check())
    report = fixture.apply({"bad": "archived", "good": "archived"})
    assert outcomes(report) == {"bad": "failed", "good": "archived"}
    assert set(fixture.files()) == {"good/output.wav"}
    assert fixture.sent("DELETE") == ["good"]
    assert fixture.receipt("good")["outputs"][0]["facts"] == {"loudness": -20}
    assert fixture.leftovers() == []


def test_a_check_that_changes_the_file_rejects_it(reconcile_fixture):
    class Scribbler:
        @mhsync.hookimpl
        def mhsync_check_output(self, file):
            file.write_bytes(b"evil")

    fixture = reconcile_fixture(complete("a"))
    fixture.hooks = Hooks.of(scribbler=Scribbler())
    report = fixture.apply({"a": "downloaded"})
    assert outcomes(report) == {"a": "failed"}
    assert "a plugin modified a/output.wav during its check" in result_of(report, "a").error.message
    assert fixture.files() == {}


def test_an_interrupt_raised_by_an_event_hook_is_contained(reconcile_fixture):
    class Rude:
        @mhsync.hookimpl
        def mhsync_event(self, event):
            raise KeyboardInterrupt

    fixture = reconcile_fixture(complete("a"))
    fixture.hooks = Hooks.of(rude=Rude())
    warnings = []
    assert fixture.apply({"a": "downloaded"}, observer=collect_warnings(warnings)).exit_code == 0
    assert warnings == ["an event hook raised KeyboardInterrupt (3 times)"]


def test_a_check_sees_a_local_file_whatever_the_storage(reconcile_fixture, monkeypatch):
    class Elsewhere(LocalStorage):
        is_local = False
        gives_local_files = False

    seen = []

    class Check:
        @mhsync.hookimpl
        def mhsync_check_output(self, file):
            seen.append(file.read_bytes()[:4])

    fixture = reconcile_fixture(complete("a", 2))
    fixture.hooks = Hooks.of(check=Check())
    monkeypatch.setattr(Hooks, "open_storage", lambda self, file: Elsewhere(fixture.folder))
    assert outcomes(fixture.apply({"a": "downloaded"})) == {"a": "downloaded"}
    assert seen == [b"RIFF", b"RIFF"]
    fixture.check_receipts_are_true()


def test_a_veto_changes_nothing_and_names_the_plugin(reconcile_fixture):
    class Veto:
        @mhsync.hookimpl
        def mhsync_review_plan(self, plan):
            raise mhsync.PlanRefused("not on a Friday")

    fixture = reconcile_fixture(complete("a"))
    fixture.hooks = Hooks.of(friday=Veto())
    with pytest.raises(mhsync.PlanRefused, match="friday refused the plan: not on a Friday"):
        fixture.apply({"a": "deleted"})
    assert fixture.sent("DELETE") == []


def test_projects_that_complete_during_the_wait_are_reviewed_and_a_veto_ends_the_run(reconcile_fixture):
    class NoDeletes:
        @mhsync.hookimpl
        def mhsync_review_plan(self, plan):
            if plan.summary["delete"]:
                raise mhsync.PlanRefused("no deletes today")

    slow = SandboxProject("slow", status="rendering", outputs=outputs_of("slow"), later=((0.2, "complete"),))
    fixture = reconcile_fixture(slow, complete("a"))
    fixture.hooks = Hooks.of(reviewer=NoDeletes())
    report = fixture.apply({"slow": "deleted", "a": "downloaded"}, ApplyOptions(wait=20.0))
    assert outcomes(report) == {"slow": "not_attempted", "a": "downloaded"}
    assert "reviewer refused the plan: no deletes today" in result_of(report, "slow").error.message
    assert fixture.sent("DELETE") == []
    assert report.exit_code == 1


def test_a_storage_that_fails_to_clear_or_to_close_does_not_prevent_the_report(reconcile_fixture):
    class Rude(LocalStorage):
        def sweep(self):
            raise RuntimeError("a bug")

        def close(self):
            raise RuntimeError("another")

    fixture = reconcile_fixture(complete("a"))
    fixture.hooks = Hooks.of(mine=storage_plugin(lambda: Rude(fixture.folder)))
    warnings = []
    report = fixture.apply(
        fixture.manifest({"a": "downloaded"}, storage="mine://x"), observer=collect_warnings(warnings)
    )
    assert (outcomes(report), report.exit_code) == ({"a": "downloaded"}, 0)
    assert "could not be removed: mine: cannot clear temporary files: RuntimeError: a bug" in warnings[0]


def test_a_storage_that_fails_to_lock_is_one_error_that_names_it(reconcile_fixture):
    class Unlockable(LocalStorage):
        def lock(self):
            raise RuntimeError("a bug")

    fixture = reconcile_fixture(complete("a"))
    fixture.hooks = Hooks.of(mine=storage_plugin(lambda: Unlockable(fixture.folder)))
    with pytest.raises(mhsync.StorageError, match="mine: cannot lock the storage: RuntimeError: a bug"):
        fixture.apply(fixture.manifest({"a": "downloaded"}, storage="mine://x"))


def test_a_plugin_that_raises_in_every_hook_is_named_and_stops_no_sync(reconcile_fixture):
    class Bad:
        @mhsync.hookimpl
        def mhsync_event(self, event):
            raise RuntimeError("bad event")

    fixture = reconcile_fixture(complete("a"))
    fixture.hooks = Hooks.of(bad=Bad())
    warnings = []
    report = fixture.apply({"a": "downloaded"}, observer=collect_warnings(warnings))
    assert report.exit_code == 0
    assert any("bad" in warning for warning in warnings)


def test_no_thread_is_started_where_nothing_receives_events(reconcile_fixture, monkeypatch):
    fixture = reconcile_fixture(complete("a"))
    started = []
    real = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda self: (started.append(self.name), real(self)))
    assert outcomes(fixture.apply({"a": "downloaded"})) == {"a": "downloaded"}
    assert started
    assert "mhsync-notify" not in started
    fixture.hooks = Hooks.of(listener=Listener())
    fixture.apply({"a": "downloaded"})
    assert "mhsync-notify" in started
