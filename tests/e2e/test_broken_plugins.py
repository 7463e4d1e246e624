"""A plugin that raises is named on one line, and stops nothing but what it was asked to do."""

from __future__ import annotations

import pytest

from mhsync.hooks.registry import HOOKS
from tests.cli.cli_runner import Done
from tests.e2e.spied import Spied, snapshot
from tests.examples.installed import lay_down

GOOD = "from mhsync import hookimpl\n@hookimpl\ndef mhsync_event(event): ...\n"


def outcomes(done: Done) -> dict[str, str]:
    return {result["id"]: result["outcome"] for result in done.document["results"]}


def warnings(done: Done) -> list[str]:
    return [line.removeprefix("warning: ") for line in done.err.splitlines() if line.startswith("warning: ")]


ALL_DONE = {"one": "downloaded", "two": "archived", "three": "deleted"}


class TestEveryHook:
    @pytest.mark.parametrize("what", ["import", "all", *sorted(HOOKS)])
    def test_plugins_lists_what_is_wrong_and_who_is_well(self, spied: Spied, what: str) -> None:
        lay_down(spied.site, "mhsync-good", GOOD)
        both = "mhsync-good,mhsync-spy"
        listed = spied.run("plugins", "--format", "json", SPY_FAILS=what, MHSYNC_PLUGINS=both)
        assert "Traceback" not in listed.err
        _, good, spy = listed.document["plugins"]
        assert (good["name"], good["hooks"], good["error"]) == ("mhsync-good", ["mhsync_event"], None)
        assert (spy["name"], spy["version"], spy["module"]) == ("mhsync-spy", "2.5", "mhsync_spy")
        at_load = what.endswith("_schemes") or what in ("import", "all")
        assert listed.code == (1 if at_load else 0)
        assert (f"no {'import' if what == 'all' else what} today" in (spy["error"] or "")) == at_load

    def test_validate_goes_on_whatever_raises(self, spied: Spied) -> None:
        done = spied.run("validate", spied.manifest(), SPY_FAILS="all")
        assert (done.code, done.err) == (0, "")

    def test_storage_schemes_that_raise_are_unavailable_and_affect_no_other_plugin(self, spied: Spied) -> None:
        told = "mhsync-spy is broken: mhsync_storage_schemes failed: RuntimeError: no mhsync_storage_schemes today"
        done = spied.run("plan", spied.manifest(), SPY_FAILS="mhsync_storage_schemes")
        assert done.code == 1
        assert done.err.splitlines()[0] == f"error: m.yaml:2:10: no plugin serves storages under spy://; {told}"
        elsewhere = spied.manifest(storage="./outputs")
        done = spied.run("apply", elsewhere, "--format", "json", SPY_FAILS="mhsync_storage_schemes")
        assert outcomes(done) == ALL_DONE

    def test_a_notifier_s_schemes_that_raise_are_a_warning(self, spied: Spied) -> None:
        done = spied.run("apply", spied.manifest(), "--format", "json", SPY_FAILS="mhsync_notifier_schemes")
        assert (done.code, outcomes(done)) == (0, ALL_DONE)
        (warning,) = warnings(done)
        assert warning.startswith("m.yaml:3:10: spy:// needs ")
        assert "mhsync-spy is broken: mhsync_notifier_schemes failed" in warning

    def test_a_review_that_raises_refuses_an_apply_and_no_plan(self, spied: Spied) -> None:
        file = spied.manifest()
        assert spied.run("plan", file, SPY_FAILS="mhsync_review_plan").code == 0
        done = spied.run("apply", file, "--format", "json", SPY_FAILS="mhsync_review_plan")
        assert done.code == 3
        (error,) = done.document["errors"]
        assert error["code"] == "plan_refused"
        assert (
            error["message"] == "mhsync-spy failed to review the plan: RuntimeError: no mhsync_review_plan today"
        )
        assert not spied.cli_runner.sandbox.requests.of(method="DELETE")
        assert "notifier.factory" not in spied.asked
        assert not list(spied.kept.rglob("*.wav"))

    def test_a_check_that_raises_fails_its_projects_and_no_others(self, spied: Spied) -> None:
        done = spied.run("apply", spied.manifest(), "--format", "json", SPY_FAILS="mhsync_check_output")
        assert done.code == 1
        assert outcomes(done) == {"one": "failed", "two": "failed", "three": "deleted"}
        error = done.document["results"][0]["error"]
        assert error["code"] == "output_rejected"
        assert error["message"].startswith(
            "mhsync-spy failed to check one/output.wav: RuntimeError: no mhsync_check"
        )
        assert [entry.id for entry in spied.cli_runner.sandbox.requests.of(method="DELETE")] == ["three"]
        assert not list(spied.kept.rglob("*.wav"))

    def test_an_event_hook_that_raises_is_one_warning(self, spied: Spied) -> None:
        done = spied.run("apply", spied.manifest(), "--format", "json", SPY_FAILS="mhsync_event")
        assert (done.code, outcomes(done)) == (0, ALL_DONE)
        assert warnings(done) == ["mhsync-spy: mhsync_event failed: RuntimeError: no mhsync_event today (5 times)"]
        assert [what for what, _ in spied.seen].count("notifier.notify") == 5, "targets are still notified"

    def test_a_commands_hook_that_raises_is_a_warning_and_the_built_in_commands_work(self, spied: Spied) -> None:
        shown = spied.run("--help", SPY_FAILS="mhsync_commands")
        assert shown.code == 0
        assert warnings(shown) == ["mhsync-spy: mhsync_commands failed: RuntimeError: no mhsync_commands today"]
        assert spied.run("plan", spied.manifest(), SPY_FAILS="mhsync_commands").code == 0

    def test_all_of_them_raising_change_nothing(self, spied: Spied) -> None:
        file = spied.manifest(storage="./outputs")
        before = snapshot(spied.cli_runner.folder)
        for command in ("plan", "apply"):
            done = spied.run(command, file, SPY_FAILS="all")
            assert done.code == 1
            assert done.err.splitlines()[0] == (
                "error: the plugin mhsync-spy is broken: it cannot be loaded: RuntimeError: no import today"
            )
            assert "MHSYNC_PLUGINS" in done.err.splitlines()[1]
        assert snapshot(spied.cli_runner.folder) == before
        assert len(spied.cli_runner.sandbox.requests) == 0


class TestFactoriesAndWhatTheyGive:
    def test_a_storage_s_factory_that_raises_ends_the_run_and_is_named(self, spied: Spied) -> None:
        for command in ("plan", "apply"):
            done = spied.run(command, spied.manifest(), SPY_FAILS="storage.factory")
            assert done.code == 1
            assert done.err.rstrip("\n") == (
                f"error: m.yaml:2:10: cannot open the storage spy://{spied.kept} (plugin mhsync-spy): "
                "RuntimeError: no storage.factory today"
            )

    def test_a_notifier_s_factory_that_raises_is_a_warning(self, spied: Spied) -> None:
        done = spied.run("apply", spied.manifest(), "--format", "json", SPY_FAILS="notifier.factory")
        assert (done.code, outcomes(done)) == (0, ALL_DONE)
        (warning,) = warnings(done)
        assert warning == (
            "m.yaml:3:10: mhsync-spy: cannot open the notify target spy://…: RuntimeError: no notifier.factory today"
        )

    def test_a_notifier_that_raises_is_not_called_again_until_the_end(self, spied: Spied) -> None:
        done = spied.run("apply", spied.manifest(), "--format", "json", SPY_FAILS="notifier.notify")
        assert (done.code, outcomes(done)) == (0, ALL_DONE)
        assert [what for what, _ in spied.seen].count("notifier.notify") == 4
        told = warnings(done)
        assert sum(one.startswith("m.yaml:3:10: mhsync-spy could not send") for one in told) == 4
        assert sum("mhsync-spy: 1 event was not sent" in one for one in told) == len(told) - 4 == 1

    def test_a_listing_that_raises_fails_every_project_and_deletes_nothing(self, spied: Spied) -> None:
        done = spied.run("apply", spied.manifest(), "--format", "json", SPY_FAILS="storage.list")
        assert done.code == 1
        assert set(outcomes(done).values()) == {"failed"}
        assert "no storage.list today" in done.document["results"][0]["error"]["message"]
        assert not spied.cli_runner.sandbox.requests.of(method="DELETE")

    @pytest.mark.parametrize("what", ["storage.write", "storage.open"])
    def test_a_storage_that_raises_fails_projects_and_deletes_nothing(self, spied: Spied, what: str) -> None:
        done = spied.run("apply", spied.manifest(), "--format", "json", SPY_FAILS=what)
        assert done.code == 1
        assert set(outcomes(done).values()) == {"failed"}
        assert not spied.cli_runner.sandbox.requests.of(method="DELETE")
        assert "Traceback" not in done.err


class TestThreads:
    def test_each_hook_is_called_on_the_thread_that_the_page_says(self, spied: Spied) -> None:
        assert spied.run("apply", spied.manifest()).code == 0
        found: dict[str, set[str]] = {}
        for what, thread in spied.seen:
            found.setdefault(what, set()).add(thread.rstrip("0123456789"))
        assert {what: threads for what, threads in found.items() if not what.startswith("storage.")} == {
            "import": {"MainThread"},
            "mhsync_storage_schemes": {"MainThread"},
            "mhsync_notifier_schemes": {"MainThread"},
            "mhsync_review_plan": {"MainThread"},
            "notifier.factory": {"MainThread"},
            "mhsync_check_output": {"mhsync_"},
            "mhsync_event": {"mhsync-notify"},
            "notifier.notify": {"mhsync-notify"},
        }
        for what in ("factory", "list", "lock", "sweep", "close"):
            assert found[f"storage.{what}"] == {"MainThread"}, what
        # Outputs and receipts are written by the transfer threads, the receipt index by the main thread.
        assert found["storage.write"] == {"mhsync_", "MainThread"}
        spied.run("--help")
        assert ("mhsync_commands", "MainThread") in spied.seen

    def test_each_is_called_in_its_turn(self, spied: Spied) -> None:
        assert spied.run("apply", spied.manifest()).code == 0
        order = [what for what, _ in spied.seen]
        first = {what: order.index(what) for what in reversed(order)}
        assert [what for what in sorted(first, key=first.__getitem__) if what in (
            "import", "mhsync_storage_schemes", "storage.factory", "storage.lock", "storage.list",
            "mhsync_review_plan", "notifier.factory", "storage.sweep", "storage.write",
        )] == [
            "import", "mhsync_storage_schemes", "storage.factory", "storage.lock", "storage.list",
            "mhsync_review_plan", "notifier.factory", "storage.sweep", "storage.write",
        ]  # fmt: skip
        assert order[-1] == "storage.close"
        assert first["mhsync_check_output"] < first["storage.write"], "before it becomes visible"
