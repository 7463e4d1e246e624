"""The key and the address of the API, from options, files and the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.schemas import assert_valid


def test_a_missing_key_names_every_place_that_was_searched(cli_runner):
    done = cli_runner.run("plan", cli_runner.manifest("done"), MAGIC_HOUR_API_KEY=None)
    assert done.code == 1
    assert "MAGIC_HOUR_API_KEY" in done.err
    assert str(Path(cli_runner.environ["HOME"]) / ".config/magic-hour/config.json") in done.err
    assert "--api-key-file" in done.err
    assert len(done.err.splitlines()) == 2
    form = cli_runner.run("plan", "m.yaml", "--format", "json", MAGIC_HOUR_API_KEY=None)
    assert form.document["errors"][0]["code"] == "credentials_missing"


@pytest.mark.parametrize("command", [["plan", "m.yaml"], ["apply", "m.yaml"], ["get", "done"], ["check", "done"]])
def test_a_wrong_key_is_one_clear_line_and_exit_1(cli_runner, command):
    cli_runner.manifest("done", "takes", "queued")
    done = cli_runner.run(*command, MAGIC_HOUR_API_KEY="mhk_wrong_0123456789")
    assert (done.code, done.out) == (1, "")
    error, hint = done.err.splitlines()
    assert "401" in error
    assert "MAGIC_HOUR_API_KEY" in hint
    assert "mhk_wrong" not in done.err
    form = cli_runner.run(*command, "--format", "json", MAGIC_HOUR_API_KEY="mhk_wrong_0123456789")
    assert_valid(form.document, "error")
    assert form.document["errors"][0]["code"] == "authentication_failed"


def test_the_key_may_come_from_a_file_or_the_vendors_config(cli_runner):
    (cli_runner.folder / "key.txt").write_text(cli_runner.sandbox.key + "\n", encoding="utf-8")
    assert cli_runner.run("get", "done", "--api-key-file", "key.txt", MAGIC_HOUR_API_KEY="wrong").code == 0
    config = Path(cli_runner.environ["HOME"]) / ".config/magic-hour/config.json"
    config.parent.mkdir(parents=True)
    config.write_text(f'{{"api_key": "{cli_runner.sandbox.key}"}}', encoding="utf-8")
    assert cli_runner.run("get", "done", MAGIC_HOUR_API_KEY=None).code == 0


def test_the_address_of_a_flag_comes_before_the_environments(cli_runner):
    assert (
        cli_runner.run(
            "get", "done", "--api-url", cli_runner.sandbox.api_url, MHSYNC_API_URL="http://127.0.0.1:9"
        ).code
        == 0
    )
    refused = cli_runner.run("get", "done", "--api-url", "http://api.example")
    assert refused.code == 2
    assert "https" in refused.err
