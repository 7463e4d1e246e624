"""The colours, the width and the redaction of the output."""

from __future__ import annotations

import io

import pytest

from mhsync.cli.console import Console, last_value


class TerminalStream(io.StringIO):
    def isatty(self):
        return True


def colored(color, stream, **environ):
    console = Console((), environ, stdout=stream)
    console.color = color
    return console.style(stream).is_colored


@pytest.mark.parametrize(
    ("color", "environ", "on_terminal", "elsewhere"),
    [
        ("auto", {}, True, False),
        ("auto", {"NO_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, True, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("always", {"NO_COLOR": "1"}, True, True),
        ("never", {"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colour(color, environ, on_terminal, elsewhere):
    assert colored(color, TerminalStream(), **environ) == on_terminal
    assert colored(color, io.StringIO(), **environ) == elsewhere


def test_without_a_terminal_there_are_80_columns():
    assert Console((), {}, stdout=io.StringIO()).style(io.StringIO()).width == 80


@pytest.mark.parametrize(("columns", "width"), [("20", 40), ("100", 100), ("300", 120)])
def test_a_terminals_width_is_used_within_reason(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    assert Console((), {}).style(TerminalStream()).width == width


def test_secrets_and_queries_are_redacted():
    console = Console((), {})
    console.add_secret("mhk_1234")
    console.add_secret("")
    said = console.redact("key mhk_1234 for https://x.example/a.wav?sig=abc")
    assert said == "key *** for https://x.example/a.wav"


@pytest.mark.parametrize(
    ("args", "is_json"),
    [
        (["plan", "--format", "json"], True),
        (["plan", "--format=json"], True),
        (["plan", "--format", "json", "--format", "text"], False),
        (["plan", "--format"], False),
        (["sandbox", "run", "--", "mhsync", "plan", "--format", "json"], False),
        ([], False),
    ],
)
def test_the_output_format_is_known_before_the_arguments_are_parsed(args, is_json):
    assert Console(args, {}).is_json == is_json


def test_the_last_value_counts():
    assert last_value(["--a", "1", "--a=2"], "--a") == "2"


def test_the_progress_line_is_removed_before_other_output():
    err = TerminalStream()
    console = Console((), {}, stderr=err)
    console.status(("checked 1 of 2",))
    console.error("warning: something")
    console.error("more")
    assert err.getvalue() == "\r\x1b[Kchecked 1 of 2\r\x1b[Kwarning: something\nmore\n"


def test_quiet_silences_notes_and_nothing_else():
    err = io.StringIO()
    console = Console((), {}, stderr=err)
    console.is_quiet = True
    console.info("a note")
    console.error("error: no")
    assert err.getvalue() == "error: no\n"
