"""The inventory as text, Markdown and CSV, made of values."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.cli.render.markdown import MOST
from mhsync.cli.render.status import status_csv, status_markdown, status_text
from mhsync.cli.render.terminal import Style, width_of
from mhsync.core.manifest import Entry, ManifestFile
from mhsync.core.plan import Action, Plan, ProjectPlan, Verdict
from mhsync.core.status import ProjectStatus, StatusReport, StoredFile

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FILE = ManifestFile("m.yaml", "/folder", "0" * 64)
NAMES = st.text(max_size=80)


def project(number, name="Morning jingle", verdict=Verdict.UNCHANGED, **fields):
    actions = (Action.DOWNLOAD,) if verdict is Verdict.CHANGE else ()
    plan = ProjectPlan(Entry(f"clx7uu86w0a5qp55yxz31{number:04}"), verdict, "code", "the reason", actions)
    outputs = (StoredFile(f"{number}/output.wav", 3_400_000, "ab" * 32, is_in_place=True, duration=3723.4),)
    facts = {"type": "VOICE_GENERATOR", "created_at": NOW - timedelta(days=12), "credits": 1200}
    return ProjectStatus(FILE, plan, name, outputs=outputs, **{**facts, **fields})


def report(*projects):
    return StatusReport(Plan("https://api.example", projects=tuple(p.plan for p in projects)), NOW, projects)


def test_at_80_columns_the_facts_are_below_the_row():
    lines = status_text(report(project(1)), Style(80)).splitlines()
    assert lines[:3] == [
        "   PROJECT                    DESIRED     LIVE  FILES     SIZE   LENGTH",
        "=  clx7uu86w0a5qp55yxz310001  downloaded  -         1  3.2 MiB  1:02:03",
        "      Morning jingle (VOICE_GENERATOR), 12 d old, 1,200 credits",
    ]


def test_at_120_columns_each_fact_has_a_column():
    lines = status_text(report(project(1, "Jingle")), Style(120)).splitlines()
    assert lines[0].split() == ["PROJECT", "DESIRED", "LIVE", "FILES", "SIZE", "LENGTH", "AGE", "CREDITS", "NAME"]
    assert lines[1].endswith("1:02:03  12 d    1,200  Jingle (VOICE_GENERATOR)")


def test_problems_come_first_and_have_their_reason():
    found = report(project(1), project(2, verdict=Verdict.CHANGE), project(3, verdict=Verdict.BLOCKED))
    text = status_text(found, Style(80))
    assert [line[0] for line in text.splitlines() if "clx" in line] == ["!", "+", "="]
    assert text.count("the reason") == 1
    assert "      blocked: the reason" in text.splitlines()
    assert status_text(found, Style(80), is_verbose=True).count("the reason") == 3


def test_a_missing_output_is_counted():
    missing = StoredFile("b.wav", 5, "ab" * 32, is_in_place=False)
    one = project(1)
    both = replace(one, outputs=(*one.outputs, missing))
    text = status_text(report(both), Style(80), is_verbose=True)
    assert "  1/2  " in text
    assert "-> b.wav (missing or changed)" in text


@pytest.mark.parametrize("width", [80, 120])
@given(NAMES)
def test_no_line_is_wider_than_the_terminal(width, name):
    text = status_text(report(project(1, name), project(2, name, Verdict.FAILED)), Style(width))
    assert max(map(width_of, text.splitlines())) <= width


@given(NAMES)
def test_no_cell_of_the_csv_is_a_formula_and_no_line_is_added(name):
    text = status_csv(report(project(1, name)))
    assert text.count("\n") == text.count("\r\n") == text.count("\r") == 2
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert not row["name"].lstrip().startswith(("=", "+", "-", "@"))
    assert (row["bytes"], row["duration_seconds"], row["age_days"]) == ("3400000", "3723.4", "12")


@given(NAMES)
def test_a_name_forms_no_markup(name):
    text = status_markdown(report(project(1, name)))
    assert all(char not in text.partition("</summary>")[2] for char in "`[](){}*")


def test_long_markdown_is_below_the_limit():
    text = status_markdown(report(*(project(number) for number in range(3000))))
    assert len(text) <= MOST
    assert "more; the complete list is in the output of `mhsync`" in text
