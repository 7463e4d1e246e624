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
    "text",
    [
        "version: 1\nprojects: [{id: done}]\n",
        '{"version": 1, "projects": [{"id": "done"}]}',
        '{"version": 1}\n{"id": "done"}\n',
    ],
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


def through_a_pipe(cli_runner, command):
    """Run a command in bash, with its manifest in place of `PIPE`."""
    text = command.replace("PIPE", "<(printf 'version: 1\\nprojects: [{id: done}]\\n')")
    return subprocess.run(
        ["bash", "-c", f"{sys.executable} -m mhsync {text}"],
        cwd=cli_runner.folder,
        env=cli_runner.environ,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_storage_of_a_manifest_through_a_pipe_is_in_the_current_folder(cli_runner):
    done = through_a_pipe(cli_runner, "apply PIPE")
    assert done.returncode == 0, done.stderr
    assert (cli_runner.folder / "outputs" / "done" / "output.wav").exists()


@pytest.mark.parametrize("place", ["-", "/dev/stdin"])
def test_a_file_as_standard_input_begins_in_the_current_folder(cli_runner, place):
    (cli_runner.folder / "deeper").mkdir()
    with (cli_runner.folder / cli_runner.manifest("done", name="deeper/m.yaml")).open("rb") as text:
        assert cli_runner.process("apply", place, stdin=text).code == 0
    assert (cli_runner.folder / "outputs" / "done" / "output.wav").exists()


@pytest.mark.parametrize("command", ["plan PIPE --out plan.json", "plan - --out plan.json < PIPE"])
def test_a_plan_of_a_pipe_cannot_be_saved(cli_runner, command):
    done = through_a_pipe(cli_runner, command)
    assert (done.returncode, "  hint: write the manifest to a file\n" in done.stderr) == (2, True)
    assert "cannot be saved: apply could not read the manifest again" in done.stderr
    assert not (cli_runner.folder / "plan.json").exists()
