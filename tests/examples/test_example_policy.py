"""The example of a policy, installed and found by its entry point: it vetoes, hears, and adds a command."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mhsync.sandbox.account import Account
from mhsync.sandbox.server import Sandbox
from tests.cli.cli_runner import complete
from tests.examples.installed import Installed, install

EXAMPLE = Path(__file__).parents[2] / "examples" / "mhsync-example-policy"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MANIFEST = """
version: 1
policy: {deletes: allow}
projects:
  - id: kept
  - {id: to-delete, state: deleted}
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(EXAMPLE, tmp_path_factory.mktemp("policy"))


@pytest.fixture
def sandbox(tmp_path: Path):
    (tmp_path / "m.yaml").write_text(MANIFEST)
    with Sandbox(Account([complete("kept"), complete("to-delete")])) as sandbox:
        yield sandbox


def account(sandbox: Sandbox) -> dict[str, str]:
    return {"MHSYNC_API_URL": sandbox.api_url, "MAGIC_HOUR_API_KEY": sandbox.key}


def other_day() -> str:
    """Hours of a day that is neither today nor tomorrow, whenever this test runs."""
    day = DAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()]
    return f"{day} 00:00-24:00"


def test_its_own_tests_pass(example: Installed, tmp_path: Path) -> None:
    example.passes(EXAMPLE / "tests", scratch=tmp_path)


def test_it_is_found_with_three_hooks(example: Installed, tmp_path: Path) -> None:
    listed = json.loads(example.python("-m", "mhsync", "plugins", "--format", "json", cwd=tmp_path))["plugins"][1]
    assert (listed["name"], listed["error"]) == ("mhsync-example-policy", None)
    assert listed["hooks"] == ["mhsync_commands", "mhsync_event", "mhsync_review_plan"]


def test_deletes_at_the_wrong_time_are_refused_and_nothing_is_changed(example, sandbox, tmp_path) -> None:
    environ = account(sandbox) | {"MHSYNC_DELETE_HOURS": other_day()}
    done = example.run("-m", "mhsync", "apply", "m.yaml", cwd=tmp_path, **environ)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "mhsync-example-policy refused the plan: deletes are for" in done.stderr
    assert not sandbox.requests.of(method="DELETE")
    assert list(tmp_path.rglob("*.wav")) == []


def test_downloads_go_on_at_any_time_and_deletes_at_theirs(example, sandbox, tmp_path) -> None:
    shut = account(sandbox) | {"MHSYNC_DELETE_HOURS": other_day()}
    example.python("-m", "mhsync", "apply", "m.yaml", "--no-deletes", cwd=tmp_path, **shut)
    assert [path.name for path in tmp_path.rglob("*.wav")] == ["output.wav"]
    assert not sandbox.requests.of(method="DELETE")
    open_ = account(sandbox) | {"MHSYNC_DELETE_HOURS": "mon-sun 00:00-24:00"}
    example.python("-m", "mhsync", "apply", "m.yaml", cwd=tmp_path, **open_)
    assert len(sandbox.requests.of(method="DELETE")) == 1


def test_a_plan_is_not_refused(example, sandbox, tmp_path) -> None:
    environ = account(sandbox) | {"MHSYNC_DELETE_HOURS": other_day()}
    done = example.run("-m", "mhsync", "plan", "m.yaml", "--detailed-exitcode", cwd=tmp_path, **environ)
    assert done.returncode == 2, "there are changes"


def test_the_metrics_of_an_apply_are_written_and_printed(example, sandbox, tmp_path) -> None:
    environ = account(sandbox) | {"MHSYNC_METRICS_FILE": str(tmp_path / "mhsync.prom")}
    example.python("-m", "mhsync", "plan", "m.yaml", cwd=tmp_path, **environ)
    assert not (tmp_path / "mhsync.prom").exists(), "plan has no events"
    example.python("-m", "mhsync", "apply", "m.yaml", cwd=tmp_path, **environ)
    printed = example.python("-m", "mhsync", "metrics", cwd=tmp_path, **environ)
    assert printed == (tmp_path / "mhsync.prom").read_text()
    for line in (
        'mhsync_last_run_projects{outcome="downloaded"} 1',
        'mhsync_last_run_projects{outcome="deleted"} 1',
        'mhsync_last_run_projects{outcome="failed"} 0',
        "mhsync_last_run_exit_code 0",
    ):
        assert line in printed.splitlines()


def test_metrics_that_cannot_be_written_are_a_warning_and_fail_nothing(example, sandbox, tmp_path) -> None:
    environ = account(sandbox) | {"MHSYNC_METRICS_FILE": str(tmp_path / "none" / "mhsync.prom")}
    done = example.run("-m", "mhsync", "apply", "m.yaml", cwd=tmp_path, **environ)
    assert done.returncode == 0
    assert "warning: mhsync-example-policy: mhsync_event failed: FileNotFoundError" in done.stderr


def test_the_command_prints_a_hint_without_its_variable(example, tmp_path) -> None:
    done = example.run("-m", "mhsync", "metrics", cwd=tmp_path)
    assert done.returncode == 2
    assert "the environment has no MHSYNC_METRICS_FILE" in done.stderr
    assert "  metrics  Print the metrics of the last apply." in example.python(
        "-m", "mhsync", "--help", cwd=tmp_path
    )
