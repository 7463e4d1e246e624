"""`mhsync get`: one project; links without their query unless requested."""

from __future__ import annotations

import re

from tests.cli.cli_runner import complete
from tests.cli.schemas import assert_valid

EXPIRY = re.compile(r"20\d\d-\d\d-\d\dT[\d:.]+Z")


def test_the_details_of_a_project_as_text(cli_runner, golden):
    cli_runner.sandbox.account.put(complete("done", name="Café \x1b[31m\u202e"))
    done = cli_runner.run("get", "done")
    link, until = done.out.replace(cli_runner.sandbox.files_url, "https://files").splitlines()[-2:]
    assert EXPIRY.search(until)
    golden("get", "\n".join([*done.out.splitlines()[:-2], link, EXPIRY.sub("(time)", until)]) + "\n")
    assert done.code == 0


def test_complete_links_are_shown_only_on_request(cli_runner):
    for form in ("text", "json"):
        assert "signature=" not in cli_runner.run("get", "done", "--format", form).out
        shown = cli_runner.run("get", "done", "--show-urls", "--format", form)
        assert f"{cli_runner.sandbox.files_url}/done/output.wav?" in shown.out
        assert "signature=" in shown.out


def test_the_json_is_the_project_with_the_keys_of_the_api(cli_runner):
    done = cli_runner.run("get", "takes", "--format", "json")
    assert_valid(done.document, "project")
    assert done.document["id"] == "takes"
    assert {"created_at", "credits_charged", "downloads"} <= set(done.document)
    assert len(done.document["downloads"]) == 3


def test_a_project_not_found_is_exit_1_with_its_id(cli_runner):
    done = cli_runner.run("get", "gone", "--format", "json")
    assert done.code == 1
    assert_valid(done.document, "error")
    assert (done.document["errors"][0]["code"], done.document["errors"][0]["id"]) == ("not_found", "gone")


def test_a_render_error_is_shown(cli_runner):
    assert "error    no_speech_found: There is no speech" in cli_runner.run("get", "error").out
