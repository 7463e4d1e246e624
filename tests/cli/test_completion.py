"""The script of a shell completes commands, options and the ids of the manifests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def complete(cli_runner):
    """Complete the last of some words in a real bash; the completions."""
    scripts = cli_runner.folder.parent / "bin"
    scripts.mkdir()
    script = scripts / "mhsync"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mhsync "$@"\n')
    script.chmod(0o755)

    def run(*words):
        quoted = " ".join(f"'{word}'" for word in words)
        text = f"""
            eval "$(mhsync completion bash)"
            compopt() {{ printf '%s\\n' "$*"; }}
            COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; COMPREPLY=()
            _mhsync_completion mhsync
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        environ = {**cli_runner.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-c", text], env=environ, cwd=cli_runner.folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return run


def test_commands_and_options_are_completed(complete):
    assert complete("mhsync", "pl") == ["plan", "plugins"]
    assert complete("mhsync", "plan", "--ref") == ["--refresh"]
    assert complete("mhsync", "apply", "--format", "") == ["text", "json", "ndjson", "markdown"]


def test_ids_of_the_manifests_are_completed(complete, cli_runner):
    manifest = cli_runner.manifest("done", "takes", "draft")
    assert complete("mhsync", "plan", manifest, "--only", "d") == ["done", "draft"]
    assert complete("mhsync", "remove", manifest, "d") == ["done", "draft"]
    assert complete("mhsync", "remove", "none.yaml", "") == []
    states = ["state:archived", "state:deleted", "state:downloaded", "state:lost"]
    assert sorted(complete("mhsync", "plan", "none.yaml", "--only", "")) == states
    cli_runner.write("projects: [{id: a/b}]", "bad.yaml")
    assert sorted(complete("mhsync", "plan", "bad.yaml", "--only", "")) == states


def test_states_and_tags_are_completed_although_bash_splits_words_at_a_colon(complete, cli_runner):
    manifest = cli_runner.write("projects: [{id: done, tags: [intro]}]")
    assert sorted(complete("mhsync", "plan", manifest, "--only", "sta"))[0] == "state:archived"
    assert complete("mhsync", "plan", manifest, "--only", "state", ":", "ar") == ["archived"]
    assert complete("mhsync", "plan", manifest, "--only", "state", ":") == [
        "downloaded", "deleted", "archived", "lost",
    ]  # fmt: skip
    assert complete("mhsync", "plan", manifest, "--only", "tag", ":", "") == ["intro"]
    assert complete("mhsync", "plan", manifest, "--only", "tag", ":", "intro", "--ref") == ["--refresh"]


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (("plan", "m"), "-o default"),
        (("plan", "--api-key-file", ""), "-o default"),
        (("plan", "--out", ""), "-o default"),
        (("report", "--html", "o"), "-o default"),
        (("check", "id", "--directory", ""), "-o dirnames"),
    ],
)
def test_files_and_directories_are_completed_by_the_shell(complete, words, completed):
    assert " ".join(complete("mhsync", *words)) == completed


def test_the_names_of_schemas_are_completed(complete):
    assert complete("mhsync", "schema", "pla") == ["plan"]


@pytest.mark.parametrize(
    ("shell", "start"), [("bash", "_mhsync_completion()"), ("zsh", "#compdef mhsync"), ("fish", "function")]
)
def test_there_is_a_script_for_each_shell(cli_runner, shell, start):
    done = cli_runner.run("completion", shell)
    assert (done.code, done.out.startswith(start)) == (0, True)
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=done.out, text=True, timeout=60, check=False).returncode == 0


def test_an_unknown_shell_is_wrong_usage(cli_runner):
    assert cli_runner.run("completion", "tcsh").code == 2
