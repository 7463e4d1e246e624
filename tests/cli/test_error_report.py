"""Every error is one clear line with a hint, on stderr and as JSON; the traceback only with -vv."""

from __future__ import annotations

import pytest

from tests.cli.schemas import assert_valid


@pytest.mark.parametrize(
    "args",
    [
        ["plan"],
        ["plan", "--nope", "m.yaml"],
        ["plan", "missing.yaml"],
        ["apply", "m.yaml", "--wait=soon"],
        ["apply", "m.yaml", "--max-deletes", "many"],
        ["apply", "m.yaml", "--rate", "0"],
        ["apply", "m.yaml", "--checkers", "0"],
        ["get"],
        ["get", "../video-projects/X"],
        ["get", ""],
        ["delete", "--yes", "a/b"],
        ["schema", "nope"],
        ["nope"],
        ["pln"],
        [],
    ],
    ids=lambda args: " ".join(args) or "nothing",
)
def test_wrong_usage_is_exit_2_without_a_request_and_json_on_request(cli_runner, args):
    cli_runner.manifest("done")
    text = cli_runner.run(*args)
    assert (text.code, text.out) == (2, "")
    form = cli_runner.run(*args, "--format", "json")
    assert form.code == 2
    assert_valid(form.document, "error")
    assert form.document["exit"] == 2
    if args:
        assert text.err == form.err
        assert all(error["message"] in form.err for error in form.document["errors"])
        assert text.err.startswith("error: ")
        assert "\n  hint: " in text.err
    assert len(cli_runner.sandbox.requests) == 0


def test_an_unexpected_exception_is_one_line_and_a_traceback_only_when_asked_for(cli_runner, monkeypatch):
    link = "https://files.example/a.wav?signature=s3cr3t"

    def broken(*_args):
        raise RuntimeError(f"\x1b[2J went wrong at {link} with {cli_runner.sandbox.key}")

    monkeypatch.setattr("mhsync.cli.plan.plan", broken)
    manifest = cli_runner.manifest("done")
    plain = cli_runner.run("plan", manifest)
    assert (plain.code, plain.out) == (1, "")
    assert len(plain.err.splitlines()) == 2
    assert "RuntimeError" in plain.err
    assert "-vv" in plain.err
    loud = cli_runner.run("plan", manifest, "-vv", "--format", "json")
    assert "Traceback" in loud.err
    assert "in broken" in loud.err
    assert_valid(loud.document, "error")
    for told in (plain.err, loud.err, loud.out):
        assert "s3cr3t" not in told
        assert cli_runner.sandbox.key not in told
        assert "\x1b" not in told


@pytest.mark.parametrize("key", ["errors", "exit", "format", "a"])
def test_an_odd_key_does_not_break_the_document(cli_runner, key):
    done = cli_runner.run("get", "done", "--format", "json", MAGIC_HOUR_API_KEY=key)
    assert done.code == 1
    assert_valid(done.document, "error")


def test_a_known_error_shows_its_traceback_only_with_vv(cli_runner):
    assert "Traceback" not in cli_runner.run("get", "nope", "-v").err
    assert "Traceback" in cli_runner.run("get", "nope", "-vv").err
