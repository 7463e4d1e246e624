"""The manifests of a command: ids of --only are listed, and a saved plan is not a manifest."""

from __future__ import annotations

import json

import pytest


def test_an_unknown_id_after_only_names_the_nearest_and_asks_nothing(cli_runner):
    done = cli_runner.run("plan", cli_runner.manifest("done", "takes"), "--only", "tales")
    assert done.code == 2
    assert done.err.splitlines() == [
        "error: --only 'tales': no manifest lists such a project",
        "  hint: did you mean takes?",
    ]
    assert len(cli_runner.sandbox.requests) == 0


def test_a_saved_plan_is_not_a_manifest_whatever_it_is_called(cli_runner):
    for name in ("plan.json", "plan.yaml", "plan"):
        manifest = cli_runner.manifest("done")
        assert cli_runner.run("plan", manifest, "--out", name).code == 0
        for command in (["plan", name], ["validate", name], ["apply", name, manifest]):
            done = cli_runner.run(*command)
            assert done.code == 2
            assert "this is a saved plan, not a manifest" in done.err
    (cli_runner.folder / "other.json").write_text(json.dumps({"format": "else"}), encoding="utf-8")
    assert "saved plan" not in cli_runner.run("plan", "other.json").err


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
def test_an_id_that_is_a_word_of_the_site_causes_a_warning(cli_runner, command):
    file = cli_runner.write("projects:\n  - {id: my-library, state: deleted}\n  - {id: one}")
    done = cli_runner.run(command, file)
    assert "warning: m.yaml:2:" in done.err or "warning: m.yaml:3:" in done.err
    assert "the id my-library is a word that Magic Hour uses in its addresses" in done.err
    assert done.err.count("warning: m.yaml") == 1
