"""kill -9 in each step of a pull, then the same pull again: every file is whole, and is still known as pulled."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from mhsync.sandbox.account import Account
from mhsync.sandbox.server import Sandbox
from tests.crash.runner import Runner, running
from tests.reconcile.fixture import ReconcileFixture, complete

STEP = 1 if os.environ.get("MHSYNC_LONG") else 11
MANIFEST = "version: 1\nstorage: ./outputs\nprojects: [{id: a}, {id: b}]\n"


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Iterator[tuple[Runner, ReconcileFixture]]:
    with Sandbox(Account([complete("a", 2), complete("b")])) as sandbox, running(sandbox) as runner:
        fixture = ReconcileFixture(sandbox, tmp_path_factory.mktemp("pulled") / "outputs")
        fixture.apply({"a": "downloaded", "b": "downloaded"})
        (fixture.folder.parent / "m.yaml").write_text(MANIFEST)
        (fixture.folder.parent / "none.yaml").write_text("version: 1\nstorage: ./outputs\nprojects: []\n")
        yield runner, fixture


def files(folder):
    found = (p for p in folder.rglob("*") if p.is_file() and ".mhsync" not in p.relative_to(folder).parts)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in found}


@pytest.mark.parametrize("options", [[], ["--link"]], ids=["copies", "links"])
def test_a_pull_that_is_killed_in_any_step_is_continued_and_pruned_again(stored, tmp_path, options):
    runner, fixture = stored
    originals = files(fixture.folder)
    folder = tmp_path / "build"
    common = ["--to", str(folder), "--transfers", "1", "--no-plugins", "-q"]
    argv = ["pull", str(fixture.folder.parent / "m.yaml"), *common, *options]
    prune = ["pull", str(fixture.folder.parent / "none.yaml"), *common, "--prune"]
    at = 1
    while runner.run(argv, at) == -9:
        assert files(folder).items() <= originals.items(), f"killed at {at}"
        if at % 2:
            runner.run(argv, at % 7 + 1)
            assert runner.run(argv, 0) == 0, runner.log.read_text()
            assert files(folder) == originals
        runner.run(prune, at % 11 + 1)
        assert runner.run(prune, 0) == 0, runner.log.read_text()
        assert files(folder) == {}, f"killed at {at}: a file is not known as pulled"
        assert list((folder / ".mhsync/tmp").glob("*")) == []
        shutil.rmtree(folder)
        at += STEP
    assert at > 20, "the driver sees the steps that it is to kill at"
    assert files(fixture.folder) == originals
