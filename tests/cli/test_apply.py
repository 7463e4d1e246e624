"""`mhsync apply`: its output, its JSON and its exit codes."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time

import pytest

from mhsync.sandbox import faults as f
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox
from tests.cli.cli_runner import TIMEOUT, account, deleted
from tests.cli.schemas import assert_valid
from tests.cli.terminal import Terminal

PATIENCE = 0.02


def test_apply_prints_the_plan_and_the_report_and_a_second_run_finds_nothing(cli_runner, golden):
    manifest = cli_runner.manifest(
        "done", "takes: archived", "canceled: deleted", "queued", "gone: deleted", "error"
    )
    first = cli_runner.run("apply", manifest, "--yes")
    golden("apply-sandbox", first.out)
    assert (first.code, first.err) == (1, "")
    assert deleted(cli_runner) == ["canceled", "takes"]
    assert (cli_runner.folder / "outputs/done/output.wav").stat().st_size == 4096
    second = cli_runner.run("apply", manifest, "--yes")
    golden("apply-sandbox-again", second.out)
    assert cli_runner.run(
        "apply", cli_runner.manifest("done", "takes: archived", "canceled: deleted"), "--yes"
    ).out == ("Nothing to do: 3 projects are as desired.\n")


def test_the_json_is_one_document_as_its_schema_says(cli_runner):
    manifest = cli_runner.manifest("done", "takes: archived", "canceled: deleted", "queued", "error")
    done = cli_runner.run("apply", manifest, "--yes", "--format", "json")
    assert_valid(done.document, "report")
    assert {result["id"]: result["outcome"] for result in done.document["results"]} == {
        "done": "downloaded", "takes": "archived", "canceled": "deleted", "queued": "pending", "error": "blocked",
    }  # fmt: skip
    assert done.code == 1


@pytest.mark.parametrize(
    ("projects", "args", "code", "schema"),
    [
        pytest.param(["done"], [], 0, "report", id="0: nothing failed"),
        pytest.param(["queued"], [], 0, "report", id="0: what renders is listed"),
        pytest.param(["error"], [], 1, "report", id="1: blocked"),
        pytest.param(["done"], ["--only", "nope"], 2, "error", id="2: unknown id"),
        pytest.param(["done"], ["--max-deletes", "110%"], 2, "error", id="2: bad flag"),
        pytest.param(["draft: deleted"], [], 3, "error", id="3: no terminal to ask on"),
        pytest.param(["draft: deleted"], ["--yes", "--max-deletes", "0"], 3, "error", id="3: too many deletes"),
        pytest.param(["queued"], ["--wait", "0.1s"], 4, "report", id="4: still rendering"),
        pytest.param(["queued", "error"], ["--wait", "0.1s"], 1, "report", id="1 comes before 4"),
        pytest.param(["draft: deleted"], ["--no-deletes"], 0, "report", id="0: the safe half"),
    ],
)
def test_exit_codes_and_one_json_document_with_each(cli_runner, projects, args, code, schema):
    manifest = cli_runner.manifest(*projects)
    done = cli_runner.run("apply", manifest, *args, "--format", "json")
    assert done.code == code
    assert_valid(done.document, schema)
    if schema == "error":
        assert done.document["exit"] == code
        assert done.document["errors"][0]["message"] in done.err
    assert cli_runner.run("apply", manifest, *args).code == code


def test_refused_means_nothing_was_changed(cli_runner):
    manifest = cli_runner.manifest("done", "draft: deleted", "canceled: deleted")
    done = cli_runner.run("apply", manifest)
    assert done.code == 3
    assert "2 projects would be deleted" in done.err
    assert "--yes" in done.err
    assert deleted(cli_runner) == []
    assert not (cli_runner.folder / "outputs/done").exists()


def test_yes_does_not_override_a_policy_that_forbids_deletes(cli_runner):
    done = cli_runner.run("apply", cli_runner.manifest("draft: deleted", policy="deletes: forbid"), "--yes")
    assert done.code == 3
    assert "m.yaml: 1 delete is planned, but policy.deletes is 'forbid'" in done.err
    assert deleted(cli_runner) == []


def test_a_policy_that_allows_needs_no_yes(cli_runner):
    assert cli_runner.run("apply", cli_runner.manifest("draft: deleted", policy="deletes: allow")).code == 0
    assert deleted(cli_runner) == ["draft"]


def test_no_deletes_downloads_and_deletes_nothing(cli_runner):
    done = cli_runner.run(
        "apply", cli_runner.manifest("done", "takes: archived", "draft: deleted"), "--no-deletes"
    )
    assert done.code == 0
    assert (cli_runner.folder / "outputs/takes/output.wav").exists()
    assert deleted(cli_runner) == []


@pytest.mark.parametrize(("value", "code"), [("true", 3), ("1", 3), ("", 0), ("false", 0), ("0", 0), (None, 0)])
def test_archived_into_a_folder_of_a_ci_runner_is_refused(cli_runner, value, code):
    done = cli_runner.run("apply", cli_runner.manifest("done: archived"), "--yes", CI=value)
    assert done.code == code
    assert ("CI runner" in done.err) == (code == 3)


def test_downloads_into_a_folder_of_a_ci_runner_give_a_warning(cli_runner):
    manifest = cli_runner.manifest("done")
    expected = "1 download of 'downloaded' projects would go into './outputs', a folder of this CI runner"
    plan = cli_runner.run("plan", manifest, CI="true")
    assert (plan.code, f"Warning: m.yaml: {expected}" in plan.out) == (0, True)
    assert "> [!WARNING]" in cli_runner.run("plan", manifest, "--format", "markdown", CI="true").out
    document = cli_runner.run("plan", manifest, "--format", "json", CI="true").document
    assert_valid(document, "plan")
    assert [(problem["code"], problem["file"]) for problem in document["warnings"]] == [
        ("storage_not_durable", "m.yaml")
    ]
    applied = cli_runner.run("apply", manifest, CI="true")
    assert (applied.code, expected in applied.err) == (0, True)
    assert "CI runner" not in cli_runner.run("apply", manifest, CI="true").err, "it is stored already"


def test_the_first_apply_into_a_git_work_tree_proposes_the_line_for_gitignore(cli_runner):
    proposal = "git does not ignore the storage; add this line to .gitignore: /outputs/\n"
    subprocess.run(["git", "init", "-q", cli_runner.folder], check=True)
    manifest = cli_runner.manifest("done", "takes")
    first = cli_runner.run("apply", manifest, "--only", "done", "--format", "json")
    assert (first.code, first.err) == (0, proposal)
    assert_valid(first.document, "report")
    assert cli_runner.run("apply", manifest).err == "", "only once"
    for name, ignored in (("b", "b/"), ("c", None)):
        other = cli_runner.write(f"storage: ./{name}\nprojects: [{{id: done}}]", f"{name}.yaml")
        (cli_runner.folder / ".gitignore").write_text(f"{ignored}\n")
        assert cli_runner.run("apply", other, *([] if ignored else ["-q"])).err == ""


def test_wait_can_come_before_the_manifest(cli_runner):
    cli_runner.sandbox.account.set_status("queued", "complete")
    assert cli_runner.run("apply", "--wait", cli_runner.manifest("done")).code == 0
    assert cli_runner.run("apply", "--wait", "5s", cli_runner.manifest("done")).code == 0
    assert cli_runner.run("apply", "--wait=5s", cli_runner.manifest("done")).code == 0


def test_not_found_projects_are_reported_once(cli_runner):
    done = cli_runner.run("apply", cli_runner.manifest("gone: deleted", "done"))
    assert (done.out + done.err).count("not found (404)") == 1
    assert "not found" not in done.out.partition("OUTCOME")[2]


def test_not_found_is_reported_even_if_there_is_nothing_to_do(cli_runner):
    done = cli_runner.run(
        "apply", cli_runner.manifest("gone: deleted", "done: downloaded", "queued"), "--only", "gone"
    )
    assert "not found (404)" in done.err + done.out
    assert done.code == 0


def test_only_and_refresh(cli_runner):
    manifest = cli_runner.manifest("done", "takes")
    cli_runner.run("apply", manifest)
    cli_runner.sandbox.requests.clear()
    cli_runner.run("apply", manifest)
    assert len(cli_runner.sandbox.requests) == 0
    cli_runner.run("apply", manifest, "--refresh", "--only", "takes")
    assert [entry.id for entry in cli_runner.sandbox.requests] == ["takes"]


def test_an_interrupted_run_prints_its_report_and_exits_130(cli_runner):
    manifest = cli_runner.manifest("done", "queued")
    with cli_runner.start("apply", manifest, "--wait", "60s", "--format", "json") as process:
        _wait_for(lambda: _is_stored(cli_runner.folder / "outputs/.mhsync/receipts/done.json"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    assert "stopping" in err
    report = json.loads(out)
    assert_valid(report, "report")
    assert report["results"][0]["outcome"] == "downloaded"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_the_process_at_once(cli_runner, number):
    manifest = cli_runner.manifest("done")
    with (
        Sandbox(account(), latency=20.0) as slow,
        cli_runner.start("apply", manifest, environ={"MHSYNC_API_URL": slow.api_url}) as process,
    ):
        _wait_for(lambda: len(slow.requests) > 0)
        process.send_signal(number)
        assert "stopping" in process.stderr.readline() + process.stderr.readline()
        asked = time.monotonic()
        process.send_signal(number)
        assert process.wait(TIMEOUT) == 130
    assert time.monotonic() - asked < 10


def _is_stored(receipt):
    """Whether the receipt names outputs. Before that it names only the output that is being stored."""
    return receipt.exists() and bool(json.loads(receipt.read_bytes()).get("outputs"))


def _wait_for(condition):
    until = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(PATIENCE)


def test_progress_on_a_terminal_is_one_rewritten_line_that_is_removed_at_the_end(cli_runner):
    with Terminal(
        cli_runner, "apply", cli_runner.manifest("done", "takes", "queued"), "--wait", "0.5s"
    ) as terminal:
        terminal.finish()
    assert "\r\x1b[K" in terminal.shown
    assert terminal.shown.rpartition("\x1b[K")[2] == ""
    with Terminal(
        cli_runner, "apply", cli_runner.manifest("done", "takes", "queued"), "--wait", "0.5s", "-q"
    ) as terminal:
        terminal.finish()
    assert terminal.shown == ""


def test_a_second_run_on_the_same_storage_is_refused_while_the_lock_is_held(cli_runner):
    manifest = cli_runner.manifest("queued")
    with cli_runner.start("apply", manifest, "--wait", "60s") as process:
        _wait_for(lambda: len(cli_runner.sandbox.requests) > 0)
        done = cli_runner.run("apply", manifest, "--lock-timeout", "0.2s")
        process.kill()
        process.communicate(timeout=TIMEOUT)
    assert done.code == 3
    assert re.search(r"another|holds|lock", done.err)


def test_a_saved_plan_is_applied_and_later_changes_wait_for_the_next_one(cli_runner):
    manifest = cli_runner.manifest("done", "canceled: deleted")
    cli_runner.run("plan", manifest, "--out", "plan.json")
    assert cli_runner.run("apply", manifest, "--only", "done").code == 0
    done = cli_runner.run("apply", "plan.json", "--yes", "--format", "json")
    assert_valid(done.document, "report")
    assert {result["id"]: result["outcome"] for result in done.document["results"]} == {
        "done": "unchanged", "canceled": "deleted",
    }  # fmt: skip
    again = cli_runner.run("apply", "plan.json", "--yes")
    assert (again.code, again.out) == (0, "Nothing to do: 2 projects are as desired.\n")


def test_a_saved_plan_still_needs_the_confirmation(cli_runner):
    cli_runner.run("plan", cli_runner.manifest("canceled: deleted"), "--out", "plan.json")
    assert cli_runner.run("apply", "plan.json").code == 3
    assert deleted(cli_runner) == []


def test_a_saved_plan_is_refused_once_its_manifest_changed(cli_runner):
    cli_runner.run("plan", cli_runner.manifest("done", "canceled: deleted"), "--out", "plan.json")
    cli_runner.manifest("done: deleted", "canceled: deleted")
    done = cli_runner.run("apply", "plan.json", "--yes", "--format", "json")
    assert_valid(done.document, "error")
    (error,) = done.document["errors"]
    assert (done.code, error["code"], error["file"]) == (3, "plan_stale", "m.yaml")
    assert deleted(cli_runner) == []


def test_a_saved_plan_is_refused_once_an_action_no_longer_fits(cli_runner):
    cli_runner.run("plan", cli_runner.manifest("done", "takes", "canceled: deleted"), "--out", "plan.json")
    cli_runner.sandbox.account.set_status("done", "error")
    done = cli_runner.run("apply", "plan.json", "--yes")
    assert done.code == 3
    assert "error: m.yaml:3:10: done: the saved plan has download; now it is blocked: " in done.err
    assert deleted(cli_runner) == []
    assert not [path for path in (cli_runner.folder / "outputs").rglob("*") if path.suffix in (".wav", ".json")]


def test_a_project_outside_the_saved_plan_is_not_requested(cli_runner):
    manifest = cli_runner.manifest("done", "takes")
    cli_runner.run("plan", manifest, "--only", "done", "--out", "plan.json")
    before = len(cli_runner.sandbox.requests.of(method="GET"))
    assert cli_runner.run("apply", "plan.json").code == 0
    assert {entry.id for entry in cli_runner.sandbox.requests.of(method="GET")[before:]} <= {"done", None}
    assert cli_runner.run("apply", "plan.json", "--only", "takes").code == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["plan.json", "--wait", "1s"], "--wait cannot be used with a saved plan"),
        (["plan.json", "m.yaml"], "this is a saved plan, not a manifest"),
    ],
    ids=["wait", "with a manifest"],
)
def test_a_saved_plan_is_applied_on_its_own(cli_runner, args, message):
    cli_runner.run("plan", cli_runner.manifest("done"), "--out", "plan.json")
    done = cli_runner.run("apply", *args)
    assert done.code == 2
    assert message in done.err


@pytest.mark.parametrize(
    ("projects", "on_blocked", "on_failed"),
    [(["done"], 0, 0), (["done", "error"], 1, 5), (["done", "error", "takes"], 1, 1)],
    ids=["neither", "blocked", "blocked and failed"],
)
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_fail_on_failed_gives_blocked_projects_a_code_of_their_own(
    cli_runner, command, projects, on_blocked, on_failed
):
    cli_runner.sandbox.account.set_status("takes", "a status of the future")
    manifest = cli_runner.manifest(*projects)
    assert cli_runner.run(command, manifest, "--fail-on", "failed").code == on_failed
    assert cli_runner.run(command, manifest).code == on_blocked


def test_an_api_that_is_down_and_a_blocked_project_have_different_codes(cli_runner):
    manifest = cli_runner.manifest("gone", "done")
    assert cli_runner.run("apply", manifest, "--fail-on", "failed").code == 5
    cli_runner.sandbox.faults = Faults(Rule(f.Status(500), host="api"))
    assert cli_runner.run("apply", manifest, "--fail-on", "failed", "--refresh").code == 1


def test_an_acknowledged_loss_fails_no_run(cli_runner):
    manifest = cli_runner.manifest("done", "gone: lost", "error: lost")
    first = cli_runner.run("apply", manifest, "--format", "json")
    assert (first.code, first.err) == (0, "")
    assert_valid(first.document, "report")
    found = {result["id"]: (result["outcome"], result["reason_code"]) for result in first.document["results"]}
    assert found["gone"] == found["error"] == ("unchanged", "acknowledged")
    assert (first.document["summary"]["acknowledged"], first.document["summary"]["unchanged"]) == (2, 2)
    again = cli_runner.run("apply", manifest)
    assert again.out == "Nothing to do: 1 project is as desired, 2 projects are acknowledged as lost.\n"
    assert (again.code, again.err) == (0, "")
    assert cli_runner.run("verify", manifest).code == 0
    status = cli_runner.run("status", manifest)
    assert (status.code, "\nlost               2" in status.out) == (0, True), status.out


@pytest.mark.parametrize("arguments", [[], ["--refresh", "--yes"], ["--wait", "0.1s"]], ids=str)
def test_a_lost_project_that_is_live_is_reported_and_not_changed(cli_runner, arguments):
    manifest = cli_runner.manifest("takes: lost", "queued: lost", policy="deletes: allow")
    warning = "takes: listed as lost, but the account has the project (complete)"
    plan = cli_runner.run("plan", manifest)
    assert (plan.code, f"Warning: m.yaml:4:10: {warning}" in plan.out) == (0, True), plan.out
    assert "hint: set its state to" in plan.out
    document = cli_runner.run("plan", manifest, "--format", "json").document
    assert_valid(document, "plan")
    assert [(problem["id"], problem["code"]) for problem in document["warnings"]] == [
        ("takes", "lost_but_live"), ("queued", "lost_but_live"),
    ]  # fmt: skip
    assert "> [!WARNING]" in cli_runner.run("plan", manifest, "--format", "markdown").out
    status = cli_runner.run("status", manifest, "--format", "json").document
    assert_valid(status, "status")
    assert len(status["warnings"]) == 2
    applied = cli_runner.run("apply", manifest, *arguments)
    assert (applied.code, f"warning: m.yaml:4:10: {warning}" in applied.err) == (0, True)
    assert deleted(cli_runner) == []
    assert not (cli_runner.folder / "outputs/takes").exists()


def test_only_narrows_a_saved_plan(cli_runner):
    cli_runner.run("plan", cli_runner.manifest("done", "takes"), "--out", "plan.json")
    done = cli_runner.run("apply", "plan.json", "--only", "done", "--format", "json")
    assert done.code == 0
    assert {result["id"]: result["outcome"] for result in done.document["results"]} == {"done": "downloaded"}
