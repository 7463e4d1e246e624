"""`mhsync lock`, and `--locked` of pull, verify and plan: exit 3 for what differs from the lock file."""

from __future__ import annotations

import json

import pytest

from tests.cli.schemas import assert_valid


@pytest.fixture
def stored(cli_runner):
    cli_runner.run("apply", cli_runner.manifest("done", "takes", "queued"))
    return cli_runner


def test_the_lock_file_is_written_next_to_the_manifest_without_a_key(stored):
    done = stored.run("lock", "m.yaml", MAGIC_HOUR_API_KEY=None)
    assert (done.code, done.out) == (0, "m.lock.json: 4 outputs; 1 project not stored yet.\n")
    assert_valid(json.loads((stored.folder / "m.lock.json").read_text()), "lock")
    assert_valid(stored.run("lock", "m.yaml", "--format", "json").document, "locks")


@pytest.mark.parametrize("args", [["pull", "m.yaml", "--to", "build"], ["verify", "m.yaml"], ["plan", "m.yaml"]])
def test_what_differs_is_refused_with_exit_3_and_nothing_is_written(stored, args):
    assert stored.run(*args, "--locked").code == 2, "there is no lock file yet"
    stored.manifest("done", "takes")
    stored.run("lock", "m.yaml")
    assert stored.run(*args, "--locked").code == 0
    receipt = next((stored.folder / "outputs/.mhsync/receipts").glob("done*.json"))
    document = json.loads(receipt.read_text())
    document["outputs"][0]["sha256"] = "00" * 32
    receipt.write_text(json.dumps(document))
    before = receipt.read_bytes()
    done = stored.run(*args, "--locked")
    assert done.code == 3
    assert "m.yaml:3:10: done/output.wav: path, size or sha256 differ from the lock file" in done.err
    assert receipt.read_bytes() == before
