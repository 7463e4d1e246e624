"""The arguments that commands share: ids and manifests."""

from __future__ import annotations

import pytest

from mhsync.cli.arguments import parse_id


@pytest.mark.parametrize("text", ["a", "clx7uu86w0a5qp55yxz315r6r", "A-b_9", "x" * 128])
def test_a_valid_id_is_returned_unchanged(text: str):
    assert parse_id(text) == text


@pytest.mark.parametrize("text", ["", "a/b", "../x", "a b", "é", "x" * 129, "a\n"])
def test_an_invalid_id_is_refused(text: str):
    with pytest.raises(ValueError, match="is not a valid project id"):
        parse_id(text)


@pytest.mark.parametrize("command", ["plan", "apply", "verify", "validate"])
def test_a_command_without_a_manifest_shows_how_to_call_it(cli_runner, command: str):
    done = cli_runner.run(command)
    assert done.code == 2
    assert "error: no manifest was given" in done.err
    assert f"hint: give files or folders: mhsync {command} mhsync.yaml" in done.err
    assert cli_runner.sandbox.requests.of() == ()
