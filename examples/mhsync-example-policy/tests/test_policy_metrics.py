"""The metrics of a run: what Prometheus can read, in a file that is always whole."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from mhsync_example_policy.metrics import replace, text_of
from mhsync_example_policy.plugin import mhsync_event, read_metrics

from mhsync import Event, MhsyncError, UsageError

ENDED = datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)
FINISHED = Event(
    "id", "run.finished", "https://api", ENDED, data={"summary": {"failed": 1, "downloaded": 3}, "exit": 1}
)
TEXT = f"""\
# HELP mhsync_last_run_projects Projects of the last apply, by outcome.
# TYPE mhsync_last_run_projects gauge
mhsync_last_run_projects{{outcome="downloaded"}} 3
mhsync_last_run_projects{{outcome="failed"}} 1
# HELP mhsync_last_run_exit_code The exit code of the last apply.
# TYPE mhsync_last_run_exit_code gauge
mhsync_last_run_exit_code 1
# HELP mhsync_last_run_timestamp_seconds When the last apply ended.
# TYPE mhsync_last_run_timestamp_seconds gauge
mhsync_last_run_timestamp_seconds {int(ENDED.timestamp())}.500
"""


def test_the_sums_of_a_run_are_gauges() -> None:
    assert text_of(FINISHED) == TEXT


def test_the_last_event_of_a_run_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mhsync.prom"
    monkeypatch.setenv("MHSYNC_METRICS_FILE", str(file))
    mhsync_event(Event("id", "project.downloaded", "https://api", ENDED, "clx1"))
    assert not file.exists()
    mhsync_event(FINISHED)
    assert file.read_text() == TEXT
    assert file.stat().st_mode & 0o777 == 0o644, "the collector is another user"


def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MHSYNC_METRICS_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    mhsync_event(FINISHED)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_and_no_other_file_is_left(tmp_path: Path) -> None:
    file = tmp_path / "mhsync.prom"
    replace(file, "old")
    replace(file, "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("mhsync.prom", "new")]


def test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "mhsync.prom").mkdir()
    with pytest.raises(OSError, match=r"mhsync\.prom"):
        replace(tmp_path / "mhsync.prom", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["mhsync.prom"]


def test_the_file_is_read_and_a_missing_one_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no MHSYNC_METRICS_FILE"):
        read_metrics({})
    file = tmp_path / "mhsync.prom"
    with pytest.raises(MhsyncError, match="cannot read"):
        read_metrics({"MHSYNC_METRICS_FILE": str(file)})
    replace(file, TEXT)
    assert read_metrics({"MHSYNC_METRICS_FILE": str(file)}) == TEXT
