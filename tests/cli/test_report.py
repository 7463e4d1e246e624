"""`mhsync report`: one page, written as a whole, with relative paths to the outputs."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from tests.cli.schemas import assert_valid
from tests.cli.test_plan import tree


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_the_page_has_players_for_stored_outputs(cli_runner):
    manifest = cli_runner.manifest("done", "takes", "error")
    cli_runner.run("apply", manifest)
    (cli_runner.folder / "out").mkdir()
    before = set(tree(cli_runner.folder))
    done = cli_runner.run("report", manifest, "--html", "out/r.html")
    assert (done.code, done.out) == (1, "The report was written to out/r.html.\n")
    assert set(tree(cli_runner.folder)) - before == {"out/r.html"}
    projects = {p["id"]: p for p in data_of((cli_runner.folder / "out/r.html").read_text())["projects"]}
    assert len(projects["takes"]["outputs"]) == 3
    for output in projects["takes"]["outputs"]:
        assert (cli_runner.folder / "out" / unquote(output["url"])).is_file()
        assert len(output["peaks"]) == 80
    assert projects["error"]["outputs"] == []


def test_the_json_is_the_document_of_status(cli_runner):
    manifest = cli_runner.manifest("done")
    done = cli_runner.run("report", manifest, "--html", "r.html", "--format", "json")
    assert_valid(done.document, "status")


def test_a_page_that_cannot_be_written_is_an_error(cli_runner):
    done = cli_runner.run("report", cli_runner.manifest("done"), "--html", "missing/r.html")
    assert done.code == 2
    assert "cannot write missing/r.html" in done.err
    assert "--html" in cli_runner.run("report", cli_runner.manifest("done")).err


def test_standard_output_is_no_file_for_the_page(cli_runner):
    done = cli_runner.run("report", cli_runner.manifest("done"), "--html", "-")
    assert (done.code, "'-' is not a file name" in done.err) == (2, True)
    assert not (cli_runner.folder / "-").exists()
