"""`mhsync gc`: lists what nothing needs, and removes it only with --yes."""

from __future__ import annotations

import json

from tests.cli.schemas import assert_valid


def test_files_are_listed_and_removed_with_yes(cli_runner, golden):
    manifest = cli_runner.manifest("takes")
    cli_runner.run("apply", manifest)
    outputs = cli_runner.folder / "outputs"
    assert cli_runner.run("gc", manifest).out == "0 files unused.\n"
    receipt = outputs / ".mhsync/receipts/takes.json"
    document = json.loads(receipt.read_text())
    old = {key: document["outputs"][0][key] for key in ("size", "sha256")} | {"path": "old.wav"}
    receipt.write_text(json.dumps(document | {"storing": [old]}))
    (outputs / "old.wav").write_bytes((outputs / "takes/output.wav").read_bytes())
    (outputs / "mine.txt").write_text("mine")
    form = cli_runner.run("gc", manifest, "--format", "json", MAGIC_HOUR_API_KEY=None)
    assert_valid(form.document, "unused")
    listed = cli_runner.run("gc", manifest).out
    removed = cli_runner.run("gc", manifest, "--yes").out
    golden("gc", listed + removed)
    assert not (outputs / "old.wav").exists()
    assert (outputs / "mine.txt").exists()


def test_bad_usage(cli_runner):
    assert cli_runner.run("gc").code == 2
    assert cli_runner.run("gc", "missing.yaml").code == 2
