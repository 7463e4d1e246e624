"""`mhsync plan`: its output, its JSON and its exit codes; it changes nothing."""

from __future__ import annotations

import json

import pytest

from tests.cli.schemas import assert_valid


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_plan_of_every_state(cli_runner, golden):
    manifest = cli_runner.manifest(
        "done", "takes: archived", "queued", "rendering: deleted", "draft: deleted", "canceled: deleted",
        "error", "gone: deleted", "new-status",
    )  # fmt: skip
    cli_runner.sandbox.account.set_status("new-status", "simmering")
    done = cli_runner.run("plan", manifest)
    golden("plan-sandbox", done.out)
    assert (done.code, done.err) == (1, "")


def test_a_plan_changes_nothing(cli_runner):
    manifest = cli_runner.manifest("done", "takes: archived", "canceled: deleted")
    cli_runner.run("plan", manifest)
    assert tree(cli_runner.folder) == ["m.yaml"]
    assert {entry.method for entry in cli_runner.sandbox.requests} == {"GET"}


def test_the_json_is_as_its_schema_says(cli_runner):
    done = cli_runner.run(
        "plan", cli_runner.manifest("done", "queued", "error", "draft: deleted"), "--format", "json"
    )
    assert_valid(done.document, "plan")
    assert [project["verdict"] for project in done.document["projects"]] == [
        "change", "pending", "blocked", "change",
    ]  # fmt: skip
    assert done.code == 1


@pytest.mark.parametrize(
    ("projects", "plain", "detailed"),
    [
        pytest.param(["gone: deleted"], 0, 0, id="nothing to change"),
        pytest.param(["queued"], 0, 0, id="pending"),
        pytest.param(["done"], 0, 2, id="changes"),
        pytest.param(["done", "error"], 1, 1, id="changes and blocked"),
        pytest.param(["error"], 1, 1, id="blocked"),
    ],
)
def test_exit_codes(cli_runner, projects, plain, detailed):
    manifest = cli_runner.manifest(*projects)
    assert cli_runner.run("plan", manifest).code == plain
    assert cli_runner.run("plan", manifest, "--detailed-exitcode").code == detailed


def test_detailed_exit_code_of_a_failed_get_is_1(cli_runner):
    cli_runner.sandbox.account.set_status("done", "simmering")
    done = cli_runner.run("plan", cli_runner.manifest("done"), "--detailed-exitcode")
    assert done.code == 1
    assert "simmering" in done.out


@pytest.mark.parametrize("form", ["text", "json"])
def test_any_error_is_1_under_detailed_exitcode_because_2_means_changes(cli_runner, form):
    bad = cli_runner.write("projects: [{id: done, stat: deleted}]")
    for args in (
        [bad],
        ["missing.yaml"],
        [],
        [cli_runner.manifest("done", name="ok.yaml"), "--only", "nope"],
        ["--nope"],
    ):
        done = cli_runner.run("plan", *args, "--detailed-exitcode", "--format", form)
        assert done.code == 1, args
        assert cli_runner.run("plan", *args).code == 2, args
        if form == "json":
            assert done.document["exit"] == 1


def test_only_looks_at_the_ids_that_are_named(cli_runner):
    manifest = cli_runner.manifest("done", "takes", "error")
    done = cli_runner.run("plan", manifest, "--only", "done", "--only", "takes")
    assert done.code == 0
    assert {entry.id for entry in cli_runner.sandbox.requests} == {"done", "takes"}


def test_projects_not_found_are_counted_and_a_wrong_account_is_suspected(cli_runner):
    done = cli_runner.run("plan", cli_runner.manifest("gone", "never", "done"))
    assert "2 projects not found (404)" in done.out
    done = cli_runner.run("plan", cli_runner.manifest("gone: deleted", "never: deleted"))
    warning = f"all 2 requested projects, by {cli_runner.sandbox.api_url}."
    assert warning in done.out
    assert "Check the path of --api-url (MHSYNC_API_URL)" in done.out
    assert "that the API key belongs to the right account" in done.out
    assert done.code == 0
    done = cli_runner.run("plan", cli_runner.manifest("gone: deleted", "never: deleted"), "--format", "json")
    assert warning in done.err
    assert_valid(done.document, "plan")


def test_verbose_lists_the_unchanged_and_the_paths(cli_runner):
    manifest = cli_runner.manifest("gone: deleted", "done")
    assert "unchanged  not found" not in cli_runner.run("plan", manifest).out
    out = cli_runner.run("plan", manifest, "-v").out
    assert "=  gone     unchanged  not found" in out
    assert "-> done/output.wav" in out


def test_out_saves_the_plan_whatever_the_exit_code(cli_runner):
    cli_runner.sandbox.account.set_status("takes", "error")
    manifest = cli_runner.manifest("done", "takes", "canceled: deleted", policy="deletes: forbid")
    done = cli_runner.run("plan", manifest, "--out", "ci.json", "--format", "json")
    assert done.code == 1
    assert "The plan was saved to ci.json." in done.err
    saved = json.loads((cli_runner.folder / "ci.json").read_text())
    assert_valid(saved, "plan")
    assert done.document == {**saved, "refusals": done.document["refusals"], "warnings": []}


def test_an_existing_file_is_kept_when_the_plan_fails(cli_runner):
    (cli_runner.folder / "ci.json").write_text("old")
    assert (
        cli_runner.run("plan", cli_runner.manifest("done"), "--out", "ci.json", MAGIC_HOUR_API_KEY="wrong").code
        == 1
    )
    assert (cli_runner.folder / "ci.json").read_text() == "old"


def test_refusals_of_guards_are_in_the_json_and_in_the_detailed_exit_code(cli_runner):
    manifest = cli_runner.manifest("canceled: deleted", policy="deletes: forbid")
    done = cli_runner.run("plan", manifest, "--format", "json", "--detailed-exitcode")
    assert done.code == 3
    assert_valid(done.document, "plan")
    (refusal,) = done.document["refusals"]
    assert (refusal["code"], refusal["file"]) == ("deletes_forbidden", "m.yaml")
    assert cli_runner.run("plan", manifest).code == 0
    allowed = cli_runner.manifest("canceled: deleted")
    done = cli_runner.run("plan", allowed, "--format", "json", "--detailed-exitcode")
    assert (done.code, done.document["refusals"]) == (2, [])


def test_names_from_the_api_cannot_reach_the_terminal_whole(cli_runner):
    cli_runner.sandbox.account.set_status("done", "\x1b[2J\u202erendered")
    done = cli_runner.run("plan", cli_runner.manifest("done"), "-v")
    assert done.code == 1
    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out + done.err


def test_plan_reports_what_apply_would_refuse_without_changing_the_exit_code(cli_runner):
    manifest = cli_runner.manifest("draft: deleted", "canceled: deleted")
    plain = cli_runner.run("plan", manifest)
    assert "refuse" not in plain.out
    limited = cli_runner.run("plan", manifest, "--max-deletes", "1")
    assert limited.code == plain.code == 0
    assert limited.out.splitlines()[-2:] == [
        "apply would refuse this plan: m.yaml: 2 of 2 projects would be deleted, but --max-deletes allows 1",
        "  hint: allow it for one run with --max-deletes 2, or skip deletes with apply --no-deletes",
    ]
    assert cli_runner.run("apply", manifest, "--max-deletes", "1", "--yes").code == 3
    form = cli_runner.run("plan", manifest, "--max-deletes", "1", "--format", "json")
    assert_valid(form.document, "plan")
    assert "apply would refuse this" in form.err
    archived = cli_runner.manifest("done: archived")
    assert "CI runner" in cli_runner.run("plan", archived, CI="true").out
    assert "CI runner" not in cli_runner.run("plan", archived).out


@pytest.mark.parametrize("by_url", [False, True], ids=["path", "file-url"])
def test_plan_and_apply_agree_on_whether_a_storage_is_a_local_folder(cli_runner, by_url):
    storage = cli_runner.folder.as_uri() + "/kept" if by_url else "./kept"
    file = cli_runner.write(f"storage: {storage}\nprojects:\n  - {{id: done, state: archived}}")
    refusal = "m.yaml: 'archived' would delete done and keep the only copy in"
    assert f"apply would refuse this plan: {refusal}" in cli_runner.run("plan", file, CI="1").out
    done = cli_runner.run("apply", file, "--yes", CI="1")
    assert done.code == 3
    assert refusal in done.err


def test_a_wrong_base_path_of_the_api_is_suspected_where_every_answer_is_404(cli_runner):
    manifest = cli_runner.manifest("done: deleted", "takes: deleted")
    done = cli_runner.run("plan", manifest, "--api-url", f"{cli_runner.sandbox.api_url}/v2")
    assert done.code == 0
    assert "not found (404): all 2 requested projects" in done.out
    assert "Check the path of --api-url (MHSYNC_API_URL)" in done.out
    assert "2 delete" not in done.out


def test_only_takes_ids_patterns_and_states(cli_runner):
    manifest = cli_runner.manifest("done", "takes: archived", "draft: deleted")

    def planned(*selectors):
        args = [word for selector in selectors for word in ("--only", selector)]
        return [p["id"] for p in cli_runner.run("plan", manifest, *args, "--format", "json").document["projects"]]

    assert planned("d*") == ["done", "draft"]
    assert planned("state:archived", "draft") == ["takes", "draft"]
    done = cli_runner.run("plan", manifest, "--only", "state:archive")
    assert done.code == 2
    assert "did you mean state:archived?" in done.err


@pytest.mark.parametrize(
    "path", ["outputs/done/output.wav", "outputs/.mhsync/receipts/done.json", "m.yaml", "notes.txt"]
)
@pytest.mark.parametrize("command", [["plan", "--out"], ["report", "--html"]], ids=lambda words: words[0])
def test_a_document_replaces_no_other_file(cli_runner, command, path):
    manifest = cli_runner.manifest("done: archived")
    assert cli_runner.run("apply", manifest, "--yes").code == 0
    (cli_runner.folder / "notes.txt").write_text("mine")
    before = (cli_runner.folder / path).read_bytes()
    name, option = command
    done = cli_runner.run(name, manifest, option, path)
    assert (done.code, "exists, and mhsync did not write it" in done.err or "would be replaced" in done.err) == (
        2,
        True,
    )
    assert (cli_runner.folder / path).read_bytes() == before


@pytest.mark.parametrize("command", [["plan", "--out"], ["report", "--html"]], ids=lambda words: words[0])
def test_a_document_replaces_an_earlier_one(cli_runner, command):
    manifest = cli_runner.manifest("done")
    name, option = command
    assert [cli_runner.run(name, manifest, option, "out").code for _ in range(2)] == [0, 0]


def test_at_shows_the_plan_of_that_day(cli_runner):
    manifest = cli_runner.folder / "m.yaml"
    manifest.write_text(
        "version: 1\nretain: {downloaded: 52w, then: archived}\nprojects: [{id: done}]\n", encoding="utf-8"
    )
    file = str(manifest)
    assert cli_runner.run("apply", file).code == 0
    assert (
        cli_runner.run("plan", file, "--at", "2027-01-13", "--format", "json").document["summary"]["delete"] == 0
    )
    found = cli_runner.run("plan", file, "--at", "2027-01-14", "--format", "json")
    assert_valid(found.document, "plan")
    (project,) = found.document["projects"]
    assert (project["desired"], project["actions"]) == ("archived", ["delete"])
    assert project["reason_code"] == "retention_due"
    assert "kept in the account for 52w, until 2027-01-14 09:30 UTC" in project["reason"]
    assert "52w" in cli_runner.run("plan", file, "--at", "2027-01-14").out


def test_at_cannot_be_saved_and_must_be_a_date(cli_runner):
    manifest = cli_runner.manifest("done")
    done = cli_runner.run("plan", manifest, "--at", "2027-01-14", "--out", str(cli_runner.folder / "p.json"))
    assert done.code == 2
    assert "--at cannot be used with --out" in done.err
    assert cli_runner.run("plan", manifest, "--at", "soon").code == 2
    assert not (cli_runner.folder / "p.json").exists()


@pytest.mark.parametrize("other", ["ndjson", "csv", "xml"])
def test_an_error_is_not_printed_in_a_format_that_the_command_does_not_have(cli_runner, other):
    done = cli_runner.run("plan", cli_runner.manifest("done"), "--format", other)
    assert (done.code, done.out) == (2, "")
    assert f"'{other}' is not one of" in done.err


def test_standard_output_is_no_file_to_save_a_plan_in(cli_runner):
    done = cli_runner.run("plan", cli_runner.manifest("done"), "--out", "-")
    assert (done.code, "'-' is not a file name" in done.err) == (2, True)
    assert not (cli_runner.folder / "-").exists()
