"""kill -9 in each step of a gc, then the same gc again: every output stays, and nothing unused is left."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from mhsync.sandbox.account import Account
from mhsync.sandbox.server import Sandbox
from tests.crash.runner import running
from tests.reconcile.fixture import ReconcileFixture, complete

STEP = 1 if os.environ.get("MHSYNC_LONG") else 4


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A storage in which a killed run left a file of a stored project, and a parked one."""
    with Sandbox(Account([complete("a", 2)])) as sandbox, running(sandbox) as runner:
        fixture = ReconcileFixture(sandbox, tmp_path_factory.mktemp("unused") / "outputs")
        fixture.apply({"a": "downloaded"})
        path = fixture.folder / ".mhsync/receipts/a.json"
        receipt = json.loads(path.read_text())
        old = {key: receipt["outputs"][0][key] for key in ("size", "sha256")} | {"path": "old/a.wav"}
        path.write_text(json.dumps(receipt | {"storing": [old]}))
        for copy in ("old/a.wav", ".mhsync/moving/a-0"):
            (fixture.folder / copy).parent.mkdir(exist_ok=True)
            shutil.copy(fixture.folder / "a/output.wav", fixture.folder / copy)
        (fixture.folder / "mine.txt").write_text("mine")
        yield runner, fixture


def test_a_gc_that_is_killed_in_any_step_is_ended_by_the_next_one(stored, tmp_path):
    runner, fixture = stored
    folder = tmp_path / "outputs"
    (tmp_path / "m.yaml").write_text("version: 1\nprojects: [{id: a}]\n")
    argv = ["gc", str(tmp_path / "m.yaml"), "--yes", "--no-plugins", "-q"]
    here = ReconcileFixture(fixture.sandbox, folder)
    at = 1
    while True:
        shutil.copytree(fixture.folder, folder)
        code = runner.run(argv, at)
        here.check_receipts_are_true()
        assert runner.run(argv, 0) == 0, runner.log.read_text()
        here.check_receipts_are_true()
        assert set(here.files()) == {"a/output.wav", "a/output-2.wav", "mine.txt"}, f"killed at {at}"
        assert not list((folder / ".mhsync/moving").glob("*"))
        shutil.rmtree(folder)
        if code != -9:
            break
        at += STEP
    assert at > 8, "the driver sees the steps that it is to kill at"
