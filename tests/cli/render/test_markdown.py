"""Markdown fits a comment of GitHub, and foreign text stays text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.cli.render.markdown import MOST, error_markdown, plan_markdown, report_markdown
from mhsync.core.manifest import Entry, Labels
from mhsync.core.plan import Action, Plan, ProjectPlan, Verdict
from mhsync.core.project_info import ProjectInfo
from mhsync.core.run_report import Outcome, ProjectResult, Report
from mhsync.errors import Position, Problem

DOWNLOAD, DELETE = (Action.DOWNLOAD,), (Action.DELETE,)


def project(number, verdict=Verdict.CHANGE, actions=DOWNLOAD, reason="not stored yet", **fields):
    return ProjectPlan(Entry(f"clx{number:06}"), verdict, "code", reason, actions, **fields)


def ids(text):
    return re.findall(r"clx\d{6}", text)


def test_deletes_come_first_and_are_marked_when_no_copy_is_stored():
    found = Plan("https://api.example", projects=(
        project(1), project(2, actions=DELETE, never_stored=True), project(3, Verdict.BLOCKED, ()),
        project(4, Verdict.UNCHANGED, ()),
    ))  # fmt: skip
    text = plan_markdown(found, [Problem("max_deletes", "1 delete is planned", "pass --max-deletes 1")])
    assert text.startswith("### mhsync plan: 1 to download, 0 to move, 1 to delete (1 without a copy); ")
    assert ids(text) == ["clx000002", "clx000003", "clx000001"]
    assert "| <code>clx000002</code> |  | **delete** (no stored copy) |" in text
    assert "> **apply would refuse this plan:** 1 delete is planned" in text


@pytest.mark.parametrize("count", [2, 2_000, 100_000])
def test_a_comment_is_below_the_limit_and_counts_what_it_leaves_out(count):
    projects = [project(n, actions=DELETE, reason="x." * 200) for n in range(count)]
    projects += [project(n, Verdict.FAILED, (), reason="`" * 600) for n in range(count)]
    text = plan_markdown(Plan("https://api.example", projects=tuple(projects)))
    assert len(text) <= MOST
    sections = re.split(r"(?=<summary>|\*\*Deletes|\*\*Failed)", text)[1:]
    for section in sections:
        more = re.search(r"and ([\d,]+) more", section)
        rest = int(more[1].replace(",", "")) if more else 0
        assert len(ids(section)) + rest == count
        assert len(ids(section)) >= min(count, 2)
    assert text.count("<details>") == text.count("</details>")


def test_a_long_list_is_folded():
    text = plan_markdown(Plan("https://api.example", projects=tuple(project(n) for n in range(30))))
    assert "<details><summary>Downloads (30)</summary>" in text


@given(st.text(max_size=80), st.text(max_size=80))
def test_foreign_text_forms_no_markup_no_link_and_no_mention(reason, name):
    info = ProjectInfo(name, name, labels=Labels(name=f"{name}.", note=name))
    shown = replace(project(1, reason=reason), info=info)
    row = plan_markdown(Plan("https://api.example", projects=(shown,))).splitlines()[-3]
    assert row.count("|") == 5
    cell = row.removeprefix("| <code>clx000001</code> | ").removesuffix(" |")
    cell = cell.replace(" | download | ", "").replace("<br>", "")
    plain = re.sub(r"<code>@</code>|&#\d+;", "", cell)
    assert all(char.isalnum() or char in " -_/,…" for char in plain)
    assert "@" not in plain


def test_a_report_lists_problems_first():
    results = (
        ProjectResult("clx000001", Outcome.DOWNLOADED),
        ProjectResult("clx000002", Outcome.FAILED, error=Problem("server_failed", "500", "run it again")),
        ProjectResult("clx000003", Outcome.UNCHANGED),
    )
    text = report_markdown(Report(results))
    assert text.startswith("### mhsync apply: 1 downloaded, 0 moved, 0 deleted, 0 archived; ")
    assert ids(text) == ["clx000002", "clx000001"]


def test_an_error_names_its_position():
    text = error_markdown("plan", [Problem("yaml", "no", "look", Position("m.yaml", 3, 1))])
    assert text.startswith("### mhsync plan: failed\n")
    assert "m&#46;yaml&#58;3&#58;1" in text
