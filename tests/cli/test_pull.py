"""`mhsync pull`: brings stored outputs to a folder, without a key."""

from __future__ import annotations

import pytest

from tests.cli.schemas import assert_valid


@pytest.fixture
def stored(cli_runner):
    cli_runner.run("apply", cli_runner.manifest("done", "takes"))
    cli_runner.sandbox.requests.clear()
    return cli_runner


def pull(cli_runner, *args):
    return cli_runner.run("pull", "m.yaml", "--to", "build", *args, MAGIC_HOUR_API_KEY=None)


def test_a_pull_needs_no_key(stored):
    done = pull(stored)
    assert (done.code, done.out) == (0, "Pulled 4 files (12.8 KiB); 0 unchanged.\n")
    assert pull(stored).out == "Pulled 0 files; 4 unchanged.\n"
    assert len(stored.sandbox.requests) == 0


def test_every_kind_of_outcome(stored, golden):
    stored.manifest("done", "takes", "queued")
    assert pull(stored, "--only", "done").code == 0
    (stored.folder / "build/done/output.wav").write_text("edited")
    (stored.folder / "build/takes").mkdir()
    (stored.folder / "build/takes/output.wav").write_text("mine")
    stored.manifest("takes", "queued")
    form = pull(stored, "--prune", "--format", "json")
    assert_valid(form.document, "pull")
    assert [project["outcome"] for project in form.document["projects"]] == ["failed", "missing"]
    stored.manifest("takes")
    done = pull(stored, "--prune")
    golden("pull", done.out)
    assert (done.code, form.code) == (1, 1)


def test_bad_usage(stored):
    assert stored.run("pull", "m.yaml").code == 2
    assert pull(stored, "--only", "nope").code == 2
    assert pull(stored, "--only", "done", "--prune").code == 2
