"""`mhsync status`: its formats and its exit codes; it changes nothing."""

from __future__ import annotations

import csv
import io
import re

import pytest

from mhsync.cli.render.terminal import width_of
from mhsync.sandbox.account import Account
from mhsync.sandbox.server import Sandbox
from tests.cli.cli_runner import CliRunner, complete
from tests.cli.schemas import assert_valid
from tests.cli.test_plan import tree

HOSTILE = '=HYPERLINK("http://x")\x1b[2J\r\n\u202e,"q"'


@pytest.fixture
def runner(tmp_path):
    """An account whose names are hostile or wide, with some projects stored."""
    (tmp_path / "work").mkdir()
    projects = [
        complete("clx7uu86w0a5qp55yxz315r6r", name="夜明けのジングル 🎵 朝の番組のための長い名前"),
        complete("formula", name=HOSTILE),
        complete("-minus", name="+1"),
        complete("keep", name="Keep", credits_charged=1234),
        complete("late", name="Late"),
    ]
    with Sandbox(Account(projects)) as sandbox:
        one = CliRunner(tmp_path / "work", sandbox)
        one.manifest(
            "clx7uu86w0a5qp55yxz315r6r", '"formula"', '"-minus"', "keep: archived", name="stored.yaml",
            policy="deletes: allow",
        )  # fmt: skip
        assert one.run("apply", "stored.yaml").code == 0
        yield one


def test_the_json_is_as_its_schema_says(runner):
    manifest = runner.manifest("keep: archived", "late", "missing", "formula: deleted")
    done = runner.run("status", manifest, "--format", "json")
    assert_valid(done.document, "status")
    assert done.code == 1
    rows = {project["id"]: project for project in done.document["projects"]}
    assert (rows["keep"]["credits"], rows["keep"]["stored"], rows["keep"]["status"]) == (1234, True, None)
    assert (rows["late"]["status"], rows["late"]["actions"]) == ("complete", ["download"])
    assert (rows["missing"]["status"], rows["missing"]["verdict"]) == ("gone", "blocked")
    assert done.document["summary"]["states"]["archived"]["credits"] == 1234


def test_exit_codes(runner):
    assert runner.run("status", "stored.yaml").code == 0
    assert runner.run("status", runner.manifest("late")).code == 0
    blocked = runner.manifest("missing", name="blocked.yaml")
    assert runner.run("status", blocked).code == 1
    assert runner.run("status", blocked, "--fail-on", "failed").code == 5


def test_nothing_is_changed(runner):
    before = tree(runner.folder)
    requests = len(runner.sandbox.requests)
    for form in ("text", "json", "csv", "markdown"):
        runner.run("status", "stored.yaml", "--refresh", "--format", form)
    assert tree(runner.folder) == before
    assert {entry.method for entry in list(runner.sandbox.requests)[requests:]} == {"GET"}


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("verbose", [(), ("-v",)], ids=["plain", "verbose"])
def test_the_text_fits_the_terminal_and_foreign_text_is_escaped(runner, columns, verbose, monkeypatch):
    from mhsync.cli.render.status import status_text
    from mhsync.cli.render.terminal import Style

    seen = []
    monkeypatch.setattr(
        "mhsync.cli.render.status.status_text",
        lambda report, _style, **options: seen.append(status_text(report, Style(columns), **options)) or "",
    )
    manifest = runner.manifest("late", "missing", name="more.yaml")
    assert runner.run("status", "stored.yaml", manifest, *verbose).code == 1
    (text,) = seen
    lines = text.splitlines()
    assert max(map(width_of, lines)) <= columns
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "夜明けのジングル" in text
    assert re.search(r"^total +6 +4 ", text, re.MULTILINE)
    assert lines[1].startswith("!  missing")
    assert ("-> keep/" in text) == bool(verbose)


def test_the_csv_is_rfc_4180_and_has_no_formulas(runner):
    done = runner.run("status", "stored.yaml", "--format", "csv")
    assert done.out.endswith("\r\n")
    assert done.out.count("\n") == done.out.count("\r\n") == 5
    rows = list(csv.DictReader(io.StringIO(done.out, newline="")))
    by_id = {row["id"]: row for row in rows}
    assert list(by_id) == ["clx7uu86w0a5qp55yxz315r6r", "formula", "'-minus", "keep"]
    assert by_id["formula"]["name"] == '\'=HYPERLINK("http://x")\\x1b[2J\\r\\n\\u202e,"q"'
    assert by_id["'-minus"]["name"] == "'+1"
    assert (by_id["keep"]["credits"], by_id["keep"]["bytes"]) == ("1234", "4096")
    assert by_id["keep"]["stored"] == "yes"
    assert float(by_id["keep"]["duration_seconds"]) == pytest.approx(0.126, abs=0.001)
    assert not [cell for row in rows for cell in row.values() if cell.lstrip()[:1] in ("=", "+", "-", "@")]


def test_the_markdown_has_the_sums_and_the_problems_and_no_markup_of_names(runner):
    manifest = runner.manifest("late", "missing", name="more.yaml")
    text = runner.run("status", "stored.yaml", manifest, "--format", "markdown").out
    assert text.startswith("### mhsync status: 6 projects\n")
    assert text.index("**States") < text.index("**Problems (1)**") < text.index("<summary>Projects (5)")
    assert "HYPERLINK(" not in text
    assert "&#61;HYPERLINK&#40;" in text


def test_an_empty_manifest(runner):
    manifest = runner.write("projects: []")
    assert runner.run("status", manifest).out == "Nothing to do: the manifests list no projects.\n"
    assert_valid(runner.run("status", manifest, "--format", "json").document, "status")
    assert runner.run("status", manifest, "--format", "csv").out.count("\r\n") == 1
    assert "0 projects" in runner.run("status", manifest, "--format", "markdown").out


def test_an_unknown_id_after_only_is_refused(runner):
    done = runner.run("status", "stored.yaml", "--only", "kept")
    assert done.code == 2
    assert "did you mean keep?" in done.err
