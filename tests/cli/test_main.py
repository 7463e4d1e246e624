"""Every way a command can end: an exit code, text on stderr, and with --format json one document on stdout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mhsync import __version__
from tests.cli.cli_runner import complete
from tests.cli.schemas import assert_valid

HEAVY = ("yaml", "urllib3", "jsonschema", "importlib.metadata", "pluggy", "mhsync.api", "mhsync.loader", "ssl")


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["-h"], []], ids=["help", "version", "-h", "nothing"])
def test_help_and_version_load_nothing_heavy(args, cli_runner):
    program = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "from mhsync.cli.main import run\n"
        f"run({args!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules and name not in before])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=cli_runner.environ
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_version_and_help_exit_0_and_no_command_2(cli_runner):
    version = cli_runner.run("--version")
    assert (version.code, version.out) == (0, f"mhsync {__version__}\n")
    assert cli_runner.run("--help").code == 0
    nothing = cli_runner.run()
    assert (nothing.code, nothing.out) == (2, "")
    assert "Commands:" in nothing.err


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


def test_a_misspelt_command_or_option_names_the_nearest(cli_runner):
    assert "did you mean 'plan'?" in cli_runner.run("pln").err
    assert "--format" in cli_runner.run("plan", "--fromat", "json", "m.yaml").err


def test_every_problem_of_a_manifest_is_reported_with_its_position(cli_runner):
    manifest = cli_runner.write("projects:\n  - {id: done, stat: deleted}\n  - {id: 1e5}\n  - {id: done}")
    text = cli_runner.run("plan", manifest)
    assert text.code == 2
    places = re.findall(r"^error: m\.yaml:(\d+):\d+: ", text.err, re.MULTILINE)
    assert len(places) >= 3
    form = cli_runner.run("plan", manifest, "--format", "json")
    assert_valid(form.document, "error")
    assert [str(error["line"]) for error in form.document["errors"]] == places
    assert {error["file"] for error in form.document["errors"]} == {"m.yaml"}


def test_a_missing_key_names_every_place_that_was_searched(cli_runner):
    done = cli_runner.run("plan", cli_runner.manifest("done"), MAGIC_HOUR_API_KEY=None)
    assert done.code == 1
    assert "MAGIC_HOUR_API_KEY" in done.err
    assert str(Path(cli_runner.environ["HOME"]) / ".config/magic-hour/config.json") in done.err
    assert "--api-key-file" in done.err
    assert len(done.err.splitlines()) == 2
    form = cli_runner.run("plan", "m.yaml", "--format", "json", MAGIC_HOUR_API_KEY=None)
    assert form.document["errors"][0]["code"] == "credentials_missing"


@pytest.mark.parametrize("command", [["plan", "m.yaml"], ["apply", "m.yaml"], ["get", "done"], ["check", "done"]])
def test_a_wrong_key_is_one_clear_line_and_exit_1(cli_runner, command):
    cli_runner.manifest("done", "takes", "queued")
    done = cli_runner.run(*command, MAGIC_HOUR_API_KEY="mhk_wrong_0123456789")
    assert (done.code, done.out) == (1, "")
    error, hint = done.err.splitlines()
    assert "401" in error
    assert "MAGIC_HOUR_API_KEY" in hint
    assert "mhk_wrong" not in done.err
    form = cli_runner.run(*command, "--format", "json", MAGIC_HOUR_API_KEY="mhk_wrong_0123456789")
    assert_valid(form.document, "error")
    assert form.document["errors"][0]["code"] == "authentication_failed"


def test_the_key_may_come_from_a_file_or_the_vendors_config(cli_runner):
    (cli_runner.folder / "key.txt").write_text(cli_runner.sandbox.key + "\n", encoding="utf-8")
    assert cli_runner.run("get", "done", "--api-key-file", "key.txt", MAGIC_HOUR_API_KEY="wrong").code == 0
    config = Path(cli_runner.environ["HOME"]) / ".config/magic-hour/config.json"
    config.parent.mkdir(parents=True)
    config.write_text(f'{{"api_key": "{cli_runner.sandbox.key}"}}', encoding="utf-8")
    assert cli_runner.run("get", "done", MAGIC_HOUR_API_KEY=None).code == 0


def test_the_address_of_a_flag_comes_before_the_environments(cli_runner):
    assert (
        cli_runner.run(
            "get", "done", "--api-url", cli_runner.sandbox.api_url, MHSYNC_API_URL="http://127.0.0.1:9"
        ).code
        == 0
    )
    refused = cli_runner.run("get", "done", "--api-url", "http://api.example")
    assert refused.code == 2
    assert "https" in refused.err


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


def test_verbosity_and_colour_may_stand_before_the_command_and_behind_it(cli_runner):
    manifest = cli_runner.manifest("done")
    for args in (["--color", "always", "-v", "plan", manifest], ["plan", manifest, "--color", "always", "-v"]):
        out = cli_runner.run(*args).out
        assert "\x1b[32mdownload\x1b[0m" in out
        assert "-> done/output.wav" in out
    assert "Traceback" in cli_runner.run("-v", "get", "nope", "-v").err


def test_a_closed_pipe_is_no_error_and_the_work_is_done(cli_runner):
    reading, writing = os.pipe()
    os.close(reading)
    done = cli_runner.process("apply", cli_runner.manifest("done"), stdout=writing)
    os.close(writing)
    assert (done.code, done.err) == (0, "")
    assert (cli_runner.folder / "outputs/done/output.wav").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_an_error(cli_runner):
    with Path("/dev/full").open("w") as full:
        done = cli_runner.process("get", "done", stdout=full)
    assert done.code == 1
    assert done.err.splitlines() == ["error: cannot write to stdout: no space left on device"]


def test_closed_streams_cause_no_crash(cli_runner):
    script = f"{sys.executable} -m mhsync get done >&- 2>&- <&-"
    done = subprocess.run(["/bin/sh", "-c", script], cwd=cli_runner.folder, env=cli_runner.environ, check=False)
    assert done.returncode == 0


def test_characters_outside_the_encoding_cause_no_crash(cli_runner):
    cli_runner.sandbox.account.put(complete("done", name="音楽 é"))
    done = cli_runner.process("get", "done", environ={"PYTHONIOENCODING": "ascii"})
    assert done.code == 0
    assert "\\u97f3\\u697d" in done.out


def test_the_program_is_a_module_too(cli_runner):
    assert cli_runner.process("--version").out == f"mhsync {__version__}\n"
