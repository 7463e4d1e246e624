"""`--format ndjson` prints a valid line for each event, from the format to the exit code."""

from __future__ import annotations

import json

from tests.cli.schemas import assert_valid


def lines(done):
    found = [json.loads(line) for line in done.out.splitlines()]
    for line in found:
        assert_valid(line, "events")
    return found


def test_the_lines_of_a_run(cli_runner):
    manifest = cli_runner.manifest("done", "canceled: deleted", "error")
    done = cli_runner.run("apply", manifest, "--yes", "--format", "ndjson")
    first, plan, *results, last = lines(done)
    assert first["format"] == "mhsync.events/1"
    assert (plan["type"], plan["summary"]["download"]) == ("plan", 1)
    assert {line["id"]: line["outcome"] for line in results} == {
        "done": "downloaded", "canceled": "deleted", "error": "blocked",
    }  # fmt: skip
    assert (last["type"], last["exit"], done.code) == ("report", 1, 1)


def test_a_line_is_written_when_it_happens(cli_runner):
    manifest = cli_runner.manifest("done", "queued")
    with cli_runner.start("apply", manifest, "--format", "ndjson", "--wait", "30s") as process:
        assert process.stdout is not None
        kinds = [json.loads(process.stdout.readline()).get("type") for _ in range(4)]
        process.terminate()
        rest = [json.loads(line).get("type") for line in process.stdout]
    assert kinds[:3] == [None, "plan", "result"]
    assert "waiting" in {*kinds, *rest}
    assert (process.returncode, rest[-1]) == (130, "report")


def test_an_error_is_the_last_line(cli_runner):
    done = cli_runner.run("apply", cli_runner.manifest("canceled: deleted"), "--format", "ndjson")
    *_, last = lines(done)
    assert (last["type"], last["exit"], done.code) == ("error", 3, 3)
    (only,) = lines(cli_runner.run("apply", "none.yaml", "--format", "ndjson"))
    assert (only["type"], only["exit"]) == ("error", 2)
