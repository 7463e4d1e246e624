"""Plans and reports as people read them; the golden files are read with one's own eyes at 80 columns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mhsync.cli.render.terminal import Style
from mhsync.cli.render.text import missing_text, plan_text, report_text
from mhsync.core.manifest import Entry
from mhsync.core.plan import Action, Plan, PlannedOutput, ProjectPlan, Verdict
from mhsync.core.run_report import (
    ActionOutcome,
    ActionResult,
    Outcome,
    ProjectResult,
    Report,
    ReportedOutput,
)
from mhsync.errors import Problem
from tests.cli.schemas import assert_valid

STYLE = Style(80)
SHA = "ab" * 32
DOWNLOAD, MOVE, DELETE = Action.DOWNLOAD, Action.MOVE, Action.DELETE
ID = "clx7uu86w0a5qp55yxz31{:04}"


def planned(number, verdict, code="", reason="", actions=(), **fields):
    return ProjectPlan(Entry(ID.format(number)), verdict, code, reason, actions, **fields)


def output(path):
    return PlannedOutput(path, f"https://files.example/{path}", path.rpartition("/")[2])


def unchanged(count):
    return [planned(1000 + n, Verdict.UNCHANGED, "stored", "stored") for n in range(count)]


def every_kind():
    change = Verdict.CHANGE
    return [
        *unchanged(14),
        planned(1, Verdict.PENDING, "queued", "queued: not ready yet", status="queued"),
        planned(2, change, "path_changed", "stored under another path than the manifest gives it now", (MOVE,),
                outputs=(output("intro/Morning jingle.wav"), output("intro/Morning jingle-2.wav"))),
        planned(3, change, "not_stored", "not stored yet", (DOWNLOAD,), outputs=(output("3/output.wav"),)),
        planned(4, change, "drift", "old/output.wav has 12 bytes, not 88244: to be downloaded again", (DOWNLOAD,)),
        planned(5, change, "not_stored", "not stored yet; then it is deleted from the account", (DOWNLOAD, DELETE)),
        planned(6, change, "unwanted", "to be deleted; no stored copy", (DELETE,), never_stored=True,
                status="complete"),
        planned(7, change, "unwanted", "to be deleted from the account; the stored copy is kept", (DELETE,)),
        planned(8, Verdict.BLOCKED, "copy_lost",
                "the copy is lost: not found in the account, and damaged in the storage: 8/output.wav",
                status="gone", not_found=True),
        planned(9, Verdict.FAILED, "connection_failed", "no answer from https://api.magichour.ai within 30 s"),
        planned(10, change, "path_changed",
                "stored under another path than the manifest gives it now; then it is deleted from the account",
                (MOVE, DELETE), outputs=(output("x/output.wav"),)),
    ]  # fmt: skip


def plan_of(projects):
    return Plan("https://api.magichour.ai", (), tuple(projects))


def test_a_plan_of_every_kind(golden):
    golden("plan-every-kind", plan_text(plan_of(every_kind()), STYLE) + "\n")


def test_a_verbose_plan_lists_the_unchanged_and_the_paths(golden):
    projects = [p for p in every_kind() if p.verdict is not Verdict.UNCHANGED] + unchanged(2)
    golden("plan-verbose", plan_text(plan_of(projects), STYLE, is_verbose=True) + "\n")


def test_a_plan_on_a_narrow_terminal(golden):
    golden("plan-40-columns", plan_text(plan_of(every_kind()[14:18]), Style(40)) + "\n")


def test_a_plan_in_colour(golden):
    golden("plan-colour", plan_text(plan_of(every_kind()[12:]), Style(80, is_colored=True)) + "\n")


@pytest.mark.parametrize("style", [Style(70), Style(80), Style(120)], ids=["70", "80", "120"])
def test_no_line_is_too_wide(style):
    lines = plan_text(plan_of(every_kind()), style).splitlines()
    assert [line for line in lines if len(line) > style.width and not line.startswith("Plan:")] == []


def test_10_000_unchanged_projects_are_a_count():
    text = plan_text(plan_of(unchanged(10_000)), STYLE)
    assert text == "Nothing to do: 10,000 projects are as desired."
    with_change = plan_text(plan_of([*unchanged(10_000), every_kind()[16]]), STYLE)
    assert len(with_change.splitlines()) == 4
    assert "10,000 unchanged" in with_change


def test_many_projects_with_the_same_problem_become_a_few_rows_and_a_count():
    failed = [planned(n, Verdict.FAILED, "storage", "the storage cannot be listed: timed out") for n in range(500)]
    downloads = [planned(1000 + n, Verdict.CHANGE, "not_stored", "not stored yet", (DOWNLOAD,)) for n in range(50)]
    lines = plan_text(plan_of([*failed, *downloads]), STYLE).splitlines()
    assert sum("failed" in line for line in lines[:-1]) == 11
    assert "x  and 490 more               failed    same reason; -v lists them" in lines
    assert sum("download" in line for line in lines[:-1]) == 50
    assert len(plan_text(plan_of(failed), STYLE, is_verbose=True).splitlines()) > 500
    denied = Problem("authentication_failed", "the API answered 401")
    results = tuple(result(n, Outcome.NOT_ATTEMPTED, error=denied) for n in range(10_000))
    assert len(report_text(Report(results), STYLE).splitlines()) == 15
    eleven = plan_text(plan_of(failed[:11]), STYLE)
    assert "more" not in eleven


def test_the_rendered_plan_is_valid_by_its_schema():
    assert_valid(plan_of(every_kind()).to_json(), "plan")
    assert_valid(Report(tuple(every_outcome())).to_json(), "report")


def test_singular_and_empty_plans_have_correct_wording():
    assert plan_text(plan_of(unchanged(1)), STYLE) == "Nothing to do: 1 project is as desired."
    assert plan_text(plan_of([]), STYLE) == "Nothing to do: the manifests list no projects."


def test_a_plan_with_only_pending_projects_is_not_reported_as_desired():
    text = plan_text(plan_of([every_kind()[14]]), STYLE)
    assert "pending" in text
    assert text.endswith("Plan: 0 to download, 0 to move, 0 to delete; 1 pending.")


def test_a_delete_of_a_project_never_stored_is_marked_for_every_reason():
    delete = planned(1, Verdict.CHANGE, "unwanted", "unwanted", (DELETE,), never_stored=True)
    text = plan_text(plan_of([delete]), STYLE)
    assert "unwanted (no stored copy)" in text
    assert "1 to delete (1 without a copy)" in text


def gone(number):
    return planned(number, Verdict.UNCHANGED, "gone", "not found", status="gone", not_found=True)


def test_projects_not_found_are_counted():
    found = planned(3, Verdict.UNCHANGED, "stored", "stored", status="complete")
    assert missing_text(plan_of([gone(1), gone(2), found]), STYLE) == [
        "2 projects not found (404): already deleted, or in another account."
    ]
    assert missing_text(plan_of([found]), STYLE) == []


def test_when_every_project_is_not_found_the_plan_suspects_the_key_and_the_address():
    first, second = missing_text(plan_of([gone(1), gone(2), *unchanged(3)]), STYLE)
    assert first == "Warning: not found (404): all 2 requested projects, by https://api.magichour.ai."
    assert "the right account" in second
    assert "the only requested project" in missing_text(plan_of([gone(1)]), STYLE)[0]


def result(number, outcome, actions=(), error=None, outputs=(), note=""):
    return ProjectResult(ID.format(number), outcome, actions, error, outputs, note)


def stored(number, size=88_244):
    return ReportedOutput(f"{number}/output.wav", size, SHA)


def done(*actions):
    return tuple(ActionResult(action, ActionOutcome.DONE) for action in actions)


CUT = Problem("download", "the answer was cut short 6 times (the link may be bad: try again later)")


def every_outcome():
    half = (ActionResult(DOWNLOAD, ActionOutcome.DONE), ActionResult(DELETE, ActionOutcome.FAILED, CUT))
    return [
        *(result(1000 + n, Outcome.UNCHANGED, note="stored") for n in range(14)),
        result(1, Outcome.DOWNLOADED, done(DOWNLOAD), outputs=(stored(1),)),
        result(2, Outcome.ARCHIVED, done(DOWNLOAD, DELETE), outputs=(stored(2), stored(3, 1_500_000))),
        result(3, Outcome.DELETED, done(DELETE)),
        result(4, Outcome.DELETED, done(DELETE), note="it had already been deleted"),
        result(5, Outcome.MOVED, done(MOVE), outputs=(ReportedOutput("intro/Morning jingle.wav", 10, SHA),)),
        result(6, Outcome.PENDING, note="queued: not ready yet"),
        result(7, Outcome.BLOCKED, error=Problem("render_error", "the render ended in error (no_speech_found)")),
        result(8, Outcome.FAILED, (ActionResult(DOWNLOAD, ActionOutcome.FAILED, CUT),), CUT),
        result(9, Outcome.FAILED, half, CUT, outputs=(stored(9),)),
        result(10, Outcome.NOT_ATTEMPTED, (ActionResult(DELETE, ActionOutcome.SKIPPED),),
               Problem("authentication_failed", "the API answered 401: the key is wrong")),
    ]  # fmt: skip


def test_a_report_of_every_kind(golden):
    golden("report-every-kind", report_text(Report(tuple(every_outcome())), STYLE) + "\n")


def test_a_verbose_report_lists_the_unchanged_and_the_files(golden):
    golden("report-verbose", report_text(Report(tuple(every_outcome()[12:16])), STYLE, is_verbose=True) + "\n")


def test_an_interrupted_report_says_so_and_what_to_do():
    results = (
        result(1, Outcome.NOT_ATTEMPTED, error=Problem("interrupted", "interrupted before this was tried")),
    )
    text = report_text(Report(results, is_interrupted=True), STYLE)
    assert "Interrupted: 0 downloaded, 0 moved, 0 deleted, 0 archived; 1 not attempted." in text
    assert text.endswith("Run the same command again to do the rest.")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("connection_failed", "Run the same command again to do the rest."),
        ("download", "Run the same command again to do the rest."),
        ("output_rejected", "Fix the errors above, then run the same command again."),
        ("authentication_failed", "Fix the errors above, then run the same command again."),
    ],
)
def test_the_advice_after_a_failure_depends_on_whether_another_run_can_succeed(code, advice):
    retryable = result(1, Outcome.FAILED, error=CUT)
    failed = result(2, Outcome.FAILED, error=Problem(code, "it failed"))
    text = report_text(Report((retryable, failed)), STYLE)
    assert text.endswith(f"Completed work is recorded. {advice}")


def test_a_wait_that_was_too_short_is_reported():
    text = report_text(Report((every_outcome()[19],), wait_ran_out=True), STYLE)
    assert "1 pending" in text
    assert "The wait ended" in text


def test_a_run_with_nothing_to_do_is_one_line():
    results = tuple(every_outcome()[:14])
    assert report_text(Report(results), STYLE) == "Nothing to do: 14 projects are as desired."
    assert report_text(Report(), STYLE) == "Nothing to do: the manifests list no projects."


def test_every_outcome_has_a_row():
    for outcome in Outcome:
        text = report_text(Report((replace(every_outcome()[14], outcome=outcome),)), STYLE, is_verbose=True)
        assert outcome.value.replace("_", " ") in text


def test_a_fault_of_a_whole_storage_is_one_row_for_each_storage():
    error = Problem("storage_unreadable", "cannot list s3://bucket: access is denied (403)")
    other = Problem("storage_unreadable", "cannot list s3://other: access is denied (403)")
    results = [result(n, Outcome.FAILED, error=error) for n in range(1, 41)]
    results.append(result(41, Outcome.FAILED, error=other))
    text = report_text(Report(tuple(results)), Style(120))
    assert text.count("s3://bucket") == 1
    assert "x  40 projects" in text
    assert text.count("s3://other") == 1
    assert "more" not in text
    assert "41 failed" in text
    assert report_text(Report(tuple(results)), Style(120), is_verbose=True).count("s3://bucket") == 40
