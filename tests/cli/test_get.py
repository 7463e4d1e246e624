"""`mhsync get`: one project; links without their query unless asked for."""

from __future__ import annotations

import re

from tests.cli.cli_runner import complete
from tests.cli.schemas import assert_valid

EXPIRY = re.compile(r"20\d\d-\d\d-\d\dT[\d:.]+Z")


def test_the_details_are_read_by_a_person(cli_runner, golden):
    cli_runner.sandbox.account.put(complete("done", name="Café \x1b[31m\u202e"))
    done = cli_runner.run("get", "done")
    link, until = done.out.replace(cli_runner.sandbox.files_url, "https://files").splitlines()[-2:]
    assert EXPIRY.search(until)
    golden("get", "\n".join([*done.out.splitlines()[:-2], link, EXPIRY.sub("(time)", until)]) + "\n")
    assert done.code == 0


def test_links_are_shown_whole_only_when_asked_for(cli_runner):
    for form in ("text", "json"):
        assert "signature=" not in cli_runner.run("get", "done", "--format", form).out
        shown = cli_runner.run("get", "done", "--show-urls", "--format", form)
        assert f"{cli_runner.sandbox.files_url}/done/output.wav?" in shown.out
        assert "signature=" in shown.out


def test_the_json_is_the_project_itself_in_the_apis_words(cli_runner):
    done = cli_runner.run("get", "takes", "--format", "json")
    assert_valid(done.document, "project")
    assert done.document["id"] == "takes"
    assert {"created_at", "credits_charged", "downloads"} <= set(done.document)
    assert len(done.document["downloads"]) == 3


def test_what_is_not_there_is_exit_1_with_its_id(cli_runner):
    done = cli_runner.run("get", "gone", "--format", "json")
    assert done.code == 1
    assert_valid(done.document, "error")
    assert (done.document["errors"][0]["code"], done.document["errors"][0]["id"]) == ("not_found", "gone")


def test_an_error_of_a_render_is_shown(cli_runner):
    assert "error    no_speech_found: There is no speech" in cli_runner.run("get", "error").out
