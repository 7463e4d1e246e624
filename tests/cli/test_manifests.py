"""The manifests of a command: ids of --only are listed, and a saved plan is not a manifest."""

from __future__ import annotations

import json
import subprocess
import sys

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


@pytest.mark.parametrize(
    "text", ["version: 1\nprojects: [{id: done}]\n", '{"version": 1, "projects": [{"id": "done"}]}']
)
def test_a_manifest_is_read_from_standard_input(cli_runner, text):
    with cli_runner.start("apply", "-", stdin=subprocess.PIPE) as process:
        out, _ = process.communicate(text, timeout=60)
    assert process.returncode == 0
    assert "Done: 1 downloaded" in out
    assert (cli_runner.folder / "outputs" / "done" / "output.wav").exists()


def test_a_problem_on_standard_input_has_a_position(cli_runner):
    with cli_runner.start("validate", "-", stdin=subprocess.PIPE) as process:
        _, err = process.communicate("version: 1\nprojects: [{id: done, stat: x}]\n", timeout=60)
    assert process.returncode == 2
    assert "error: -:2:23: done: unknown key 'stat'" in err


def test_deletes_of_a_manifest_on_standard_input_need_yes(cli_runner):
    with cli_runner.start("apply", "-", stdin=subprocess.PIPE) as process:
        _, err = process.communicate("version: 1\nprojects: [{id: done, state: deleted}]\n", timeout=60)
    assert (process.returncode, "there is no terminal to ask for confirmation" in err) == (3, True)


def test_a_manifest_comes_through_a_pipe(cli_runner):
    text = f"{sys.executable} -m mhsync plan <(printf 'version: 1\\nprojects: [{{id: done}}]\\n')"
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=cli_runner.folder,
        env=cli_runner.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "Plan: 1 to download" in done.stdout


def test_a_plan_of_standard_input_cannot_be_saved(cli_runner):
    with cli_runner.start("plan", "-", "--out", "plan.json", stdin=subprocess.PIPE) as process:
        _, err = process.communicate("version: 1\nprojects: [{id: done}]\n", timeout=60)
    assert (process.returncode, "write the manifest to a file" in err) == (2, True)
    assert not (cli_runner.folder / "plan.json").exists()
