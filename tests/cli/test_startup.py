"""What a command imports: nothing that it does not use. Imports are counted, not timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = frozenset(
    (
        "yaml",
        "jsonschema",
        "urllib3",
        "ssl",
        "pluggy",
        "importlib.metadata",
        "email",
        "logging",
        "dataclasses",
        "json",
        "shutil",
    )
)
_LIST = """
import json, sys
from mhsync.__main__ import main
code = 0
try:
    code = main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


def imported(cli_runner, *args: str) -> set[str]:
    """The modules that a command has imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", _LIST, *args],
        cwd=cli_runner.folder,
        env=cli_runner.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_version_imports_nothing_but_the_group(cli_runner):
    found = {name for name in imported(cli_runner, "--version") if name.partition(".")[0] == "mhsync"}
    assert found == {
        "mhsync",
        "mhsync.__main__",
        "mhsync.cli",
        "mhsync.cli.console",
        "mhsync.cli.group",
        "mhsync.cli.main",
        "mhsync.cli.verbosity",
    }


def test_version_imports_no_heavy_package(cli_runner):
    # json is imported by this test's own code.
    assert imported(cli_runner, "--version") & HEAVY <= {"json"}


def test_where_no_plugin_is_installed_the_metadata_of_packages_is_not_parsed(cli_runner):
    code = "import sys; from mhsync.hooks.manager import Hooks; Hooks.load(); print('importlib.metadata' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("was_enabled", [True, False])
def test_an_import_leaves_the_garbage_collector_as_it_was(was_enabled):
    code = f"""
import gc
from mhsync.cli.main import run
{"gc.enable" if was_enabled else "gc.disable"}()
run(["schema", "manifest"])
print(gc.isenabled())
"""
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == str(was_enabled)


def test_a_plan_imports_nothing_that_only_an_apply_or_an_error_needs(cli_runner):
    unused = {
        "jsonschema",
        "mhsync.api.check_result",
        "mhsync.api.download",
        "mhsync.cli.github",
        "mhsync.cli.render.markdown",
        "mhsync.fileio.atomic",
        "mhsync.reconcile.apply",
        "mhsync.reconcile.plan_file",
        "mhsync.storage.partials",
    }
    assert imported(cli_runner, "plan", cli_runner.manifest("done")) & unused == set()


def test_a_manifest_can_be_read_from_a_pipe(cli_runner):
    name = cli_runner.manifest("done")
    with (cli_runner.folder / name).open("rb") as text:
        done = cli_runner.process("validate", "/dev/stdin", stdin=text)
    assert done.code == 0
    text = (cli_runner.folder / name).read_bytes()
    piped = subprocess.run(
        [sys.executable, "-m", "mhsync", "validate", "/dev/stdin"],
        cwd=cli_runner.folder, env=cli_runner.environ, input=text, capture_output=True, check=False,
    )  # fmt: skip
    assert piped.returncode == 0, piped.stderr


def test_a_settled_plan_imports_no_urllib3_and_nothing_that_only_actions_and_errors_need(cli_runner):
    name = cli_runner.manifest("done")
    imported(cli_runner, "apply", name)
    unused = {
        "urllib3",
        "ssl",
        "http.client",
        "email.utils",
        "concurrent.futures",
        "difflib",
        "importlib.metadata",
    }
    assert imported(cli_runner, "plan", name) & unused == set()
