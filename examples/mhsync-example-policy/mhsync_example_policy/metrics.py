"""The totals of one run as metrics, in the text format that Prometheus' node exporter collects from files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mhsync import Event


def text_of(event: Event) -> str:
    """The metrics of a run, from its last event, `run.finished`, whose data is the run's report."""
    return "".join(f"{line}\n" for line in _lines(event))


def _lines(event: Event) -> Iterator[str]:
    yield from _head("mhsync_last_run_projects", "Projects of the last apply, by outcome.")
    for outcome, count in sorted(event.data["summary"].items()):
        yield f'mhsync_last_run_projects{{outcome="{outcome}"}} {count}'
    yield from _head("mhsync_last_run_exit_code", "The exit code of the last apply.")
    yield f"mhsync_last_run_exit_code {event.data['exit']}"
    yield from _head("mhsync_last_run_timestamp_seconds", "When the last apply ended.")
    yield f"mhsync_last_run_timestamp_seconds {event.time.timestamp():.3f}"


def _head(name: str, help_text: str) -> tuple[str, str]:
    return f"# HELP {name} {help_text}", f"# TYPE {name} gauge"


def replace(file: Path, text: str) -> None:
    """Replace the content of the file atomically: a reader sees the old text or the new one.

    Raises:
        OSError: the file cannot be written.
    """
    number, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    aside = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as out:
            out.write(text)
        aside.chmod(0o644)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
