"""kill -9 in each step of a copy, then the same copy again: nothing is half written, unnamed or copied twice."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator

import pytest

from mhsync.sandbox.account import Account
from mhsync.sandbox.server import Sandbox
from tests.crash.runner import Runner, running
from tests.reconcile.fixture import ReconcileFixture, complete

STEP = 1 if os.environ.get("MHSYNC_LONG") else 7
"""Every step is killed at with `make test-long`, a sample otherwise."""
STATES = {"a": "archived", "b": "downloaded"}


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Iterator[tuple[Runner, ReconcileFixture]]:
    """A storage with three outputs, one of them only there."""
    with Sandbox(Account([complete("a", 2), complete("b")])) as sandbox, running(sandbox) as runner:
        fixture = ReconcileFixture(sandbox, tmp_path_factory.mktemp("copied") / "outputs")
        fixture.apply(STATES)
        yield runner, fixture


def files(folder):
    found = (p for p in folder.rglob("*") if p.is_file() and ".mhsync" not in p.relative_to(folder).parts)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


def copied(fixture: ReconcileFixture, folder) -> ReconcileFixture:
    return ReconcileFixture(fixture.sandbox, folder)


def test_a_copy_that_is_killed_in_any_step_is_continued(stored, tmp_path):
    runner, fixture = stored
    originals = files(fixture.folder)
    before = {id_: fixture.receipt(id_) for id_ in STATES}
    target = copied(fixture, tmp_path / "copy")
    argv = ["copy", str(fixture.folder), str(target.folder), "--transfers", "1", "--no-plugins", "-q"]
    at = 1
    while runner.run(argv, at) == -9:
        for again in (at % 7 + 1, at % 5 + 9):  # Killed twice more, then continued to the end.
            assert files(target.folder).items() <= originals.items(), f"killed at {at}"
            # A folder is made right before the file in it becomes visible.
            assert [path for path in target.unnamed() if path[-1] != "/"] == [], f"killed at {at}"
            target.check_receipts_are_true()
            runner.run(argv, again)
        assert runner.run(argv, 0) == 0, runner.log.read_text()
        assert files(target.folder) == originals
        assert {id_: target.receipt(id_) for id_ in STATES} == before
        assert (target.leftovers(), target.unnamed()) == ([], [])
        shutil.rmtree(target.folder)
        at += STEP
    assert at > 40, "the driver sees the steps that it is to kill at"
    assert files(fixture.folder) == originals
    assert runner.run([*argv, "--format", "json"], 0) == 0
    assert json.loads(runner.log.read_text())["summary"]["unchanged"] == 2
