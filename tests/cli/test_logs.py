"""Logs are written to stderr at the requested level, without secrets and control characters."""

from __future__ import annotations

import io
import json
import logging

import pytest

from mhsync.cli.console import Console
from mhsync.cli.logs import logging_to


def logged(*, verbose=0, quiet=False, form="text", name="mhsync.api", message="hello", level=logging.WARNING):
    err = io.StringIO()
    console = Console((), {}, stderr=err)
    console.verbose, console.is_quiet, console.log_format = verbose, quiet, form
    console.add_secret("mhk_1234")
    with logging_to(console):
        logging.getLogger(name).log(level, message)
    return err.getvalue()


@pytest.mark.parametrize(
    ("verbose", "quiet", "shown"),
    [
        (0, False, {"warning", "error"}),
        (1, False, {"info", "warning", "error"}),
        (2, False, {"debug", "info", "warning", "error"}),
        (3, False, {"debug", "info", "warning", "error"}),
        (0, True, {"error"}),
    ],
)
def test_levels(verbose, quiet, shown):
    told = {
        word
        for word in ("debug", "info", "warning", "error")
        if logged(verbose=verbose, quiet=quiet, level=getattr(logging, word.upper()))
    }
    assert told == shown


def test_secrets_queries_and_escapes_are_left_out():
    message = "key mhk_1234, https://x.example/a.wav?sig=abc, \x1b[2J"
    for form in ("text", "json"):
        told = logged(message=message, form=form)
        assert "mhk_1234" not in told
        assert "abc" not in told
        assert "\x1b" not in told
    assert logged(message=message) == "warning: key ***, https://x.example/a.wav \\x1b[2J\n"


def test_the_json_form_is_one_object_a_line():
    record = json.loads(logged(form="json"))
    assert set(record) == {"time", "level", "logger", "message"}
    assert (record["level"], record["logger"], record["message"]) == ("warning", "mhsync.api", "hello")


def logged_error(message, *, verbose):
    err = io.StringIO()
    console = Console((), {}, stderr=err)
    console.verbose = verbose
    with logging_to(console):
        logging.getLogger("mhsync.inbox").warning(message, exc_info=OSError("the disk is full\nand more"))
    return err.getvalue()


@pytest.mark.parametrize("verbose", [0, 1])
def test_an_exception_is_one_line_without_a_traceback(verbose):
    found = logged_error("it was not recorded: the disk is full", verbose=verbose)
    assert found == "warning: it was not recorded: the disk is full\n"
    found = logged_error("it was not recorded", verbose=verbose)
    assert found == "warning: it was not recorded: OSError: the disk is full\n"


def test_the_traceback_of_an_exception_is_logged_at_the_highest_verbosity():
    assert logged_error("it was not recorded", verbose=2) == (
        "warning: it was not recorded\n  OSError: the disk is full\n  and more\n"
    )


def test_urllib3_never_logs_its_requests():
    for level in (logging.DEBUG, logging.WARNING):
        assert logged(verbose=3, name="urllib3.connectionpool", message="GET /a.wav?sig=abc", level=level) == ""


def test_logging_is_restored():
    before = [logging.getLogger(name).level for name in (None, "urllib3")], list(logging.getLogger().handlers)
    logged()
    assert before == (
        [logging.getLogger(name).level for name in (None, "urllib3")],
        list(logging.getLogger().handlers),
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_logged_at_the_highest_verbosity(cli_runner, form):
    manifest = cli_runner.manifest("done", "takes: archived", "nope", "error")
    for command in (
        ["apply", manifest, "--yes"],
        ["plan", manifest, "--refresh"],
        ["check", "done", "--download"],
    ):
        done = cli_runner.run(*command, "-vv", "--log-format", form)
        told = done.out + done.err
        assert cli_runner.sandbox.key not in told
        assert "signature=" not in told
        assert "expires=" not in told
