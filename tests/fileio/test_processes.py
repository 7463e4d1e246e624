"""The identity of processes: real ones, running and ended."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mhsync.fileio.processes import ProcessIdentity, has_ended, is_running, machine_id, utc_text


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_this_process_is_running_and_has_not_ended():
    assert is_running(os.getpid())
    assert not has_ended(ProcessIdentity.current().to_json())


def test_an_ended_process_of_this_machine_has_ended():
    pid = ended_process()
    assert not is_running(pid)
    assert has_ended({"pid": pid, "machine": machine_id()}) == (machine_id() is not None)


@pytest.mark.parametrize(
    "note",
    [
        {}, {"pid": 1}, {"pid": "1", "machine": "m"}, {"pid": True, "machine": "m"}, {"pid": -1, "machine": "m"},
        {"pid": 1, "machine": None}, {"pid": 1, "machine": ["m"]},
    ],
)  # fmt: skip
def test_a_note_that_names_no_process_of_this_machine_has_not_ended(note: dict[str, object]):
    assert not has_ended(note)


def test_a_process_of_another_machine_has_not_ended():
    assert not has_ended({"pid": ended_process(), "machine": "another"})


def test_a_number_that_no_process_can_have_counts_as_running():
    assert is_running(2**70)


def test_a_moment_is_shown_in_utc():
    moment = datetime(2026, 3, 1, 14, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    assert utc_text(moment) == "2026-03-01T12:00:00Z" == utc_text(moment.astimezone(UTC))
