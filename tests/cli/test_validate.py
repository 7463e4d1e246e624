"""`mhsync validate`: needs no network and reports all problems at once."""

from __future__ import annotations

from tests.cli.schemas import assert_valid


def test_a_valid_manifest_needs_no_key_and_no_network(cli_runner):
    manifest = cli_runner.manifest("a", "b: deleted", "c: archived", "d")
    done = cli_runner.run("validate", manifest, MAGIC_HOUR_API_KEY=None, MHSYNC_API_URL="http://127.0.0.1:9")
    assert (done.code, done.err) == (0, "")
    assert done.out == "m.yaml: valid, 4 projects (2 downloaded, 1 deleted, 1 archived)\n"


def test_several_files_are_summed_up(cli_runner):
    files = cli_runner.manifest("a", name="one.yaml"), cli_runner.manifest(name="two.yaml")
    assert cli_runner.run("validate", *files).out.splitlines() == [
        "one.yaml: valid, 1 project (1 downloaded)",
        "two.yaml: valid, 0 projects",
        "2 manifests, 1 project",
    ]


def test_the_json_is_as_its_schema_says(cli_runner):
    done = cli_runner.run("validate", cli_runner.manifest("a", "b: deleted"), "--format", "json")
    assert_valid(done.document, "validation")
    assert done.document["manifests"][0]["projects"] == {"downloaded": 1, "deleted": 1, "archived": 0, "lost": 0}
    assert done.document["projects"] == 2


def test_one_id_twice_names_both_places(cli_runner):
    done = cli_runner.run(
        "validate", cli_runner.manifest("a", name="one.yaml"), cli_runner.manifest("b", "a", name="two.yaml")
    )
    assert done.code == 2
    assert "two.yaml:4" in done.err
    assert "one.yaml:3" in done.err
