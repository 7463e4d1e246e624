"""CopyReport: its totals and its exit code."""

from __future__ import annotations

import pytest

from mhsync.core.copy_report import CopiedOutput, CopiedProject, CopyOutcome, CopyReport
from tests.core.builders import receipt


@pytest.mark.parametrize("outcome", CopyOutcome)
def test_only_what_the_target_has_is_exit_0(outcome):
    report = CopyReport("a", "b", (CopiedProject("one", outcome),))
    assert report.exit_code == (0 if outcome in ("copied", "unchanged") else 1)
    assert report.summary[outcome.value] == 1
    assert sum(report.summary.values()) == 1


def test_an_interrupted_copy_is_130():
    assert CopyReport("a", "b", is_interrupted=True).exit_code == 130


def test_an_output_is_that_of_the_receipt():
    output = receipt().outputs[0]
    assert CopiedOutput.of(output, CopyOutcome.COPIED).to_json() == {
        "path": output.path,
        "size": output.size,
        "sha256": output.sha256,
        "outcome": "copied",
    }
