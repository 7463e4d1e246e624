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
