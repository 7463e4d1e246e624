"""`mhsync copy`: copies a storage; any project that TO does not have afterwards is exit 1."""

from __future__ import annotations

import pytest

from tests.cli.schemas import assert_valid


@pytest.fixture
def stored(cli_runner):
    cli_runner.run(
        "apply", cli_runner.manifest("done: archived", "takes", policy="deletes: allow, durable_storage: true")
    )
    cli_runner.sandbox.requests.clear()
    return cli_runner


def copy(cli_runner, *args):
    return cli_runner.run("copy", *args, MAGIC_HOUR_API_KEY=None)


def test_a_copy_needs_no_key_and_a_second_one_does_nothing(stored):
    done = copy(stored, "outputs", "backup")
    assert (done.code, done.out) == (0, "Copied 2 projects (4 files, 12.8 KiB); 0 unchanged.\n")
    assert copy(stored, "outputs", "backup").out == "Copied 0 projects; 2 unchanged.\n"
    assert copy(stored, "outputs", "backup", "--check").out == "Compared: 2 projects equal.\n"
    assert len(stored.sandbox.requests) == 0


def test_a_manifest_with_the_new_storage_is_settled(stored):
    new = stored.write("storage: ./new\nprojects: [{id: done, state: archived}, {id: takes}]", "new.yaml")
    assert copy(stored, "m.yaml", new).code == 0
    stored.sandbox.requests.clear()
    assert stored.run("plan", new, "--detailed-exitcode").code == 0
    assert len(stored.sandbox.requests) == 0
    assert stored.run("verify", new).code == 0


def test_the_documents_follow_the_schema(stored):
    assert_valid(copy(stored, "outputs", "backup", "--format", "json").document, "copy")
    broken = stored.folder / "outputs/done/output.wav"
    broken.write_bytes(b"x" * broken.stat().st_size)
    (stored.folder / "backup/takes/output.wav").unlink()
    for args in (["--check"], []):
        done = copy(stored, "outputs", "other" if not args else "backup", *args, "--format", "json")
        assert_valid(done.document, "copy")
        assert done.code == 1


def test_every_kind_of_problem(stored, golden):
    outputs = stored.folder / "outputs"
    broken = outputs / "done/output.wav"
    broken.write_bytes(b"x" * broken.stat().st_size)
    (stored.folder / "backup/takes").mkdir(parents=True)
    (stored.folder / "backup/takes/output-2.wav").write_bytes(b"mine")
    done = copy(stored, "outputs", "backup")
    golden("copy", done.out)
    assert done.code == 1
    check = copy(stored, "outputs", "backup", "--check")
    golden("copy-check", check.out)
    assert check.code == 1
    assert (stored.folder / "backup/takes/output-2.wav").read_bytes() == b"mine"


def test_only_chooses_by_id_and_pattern(stored):
    assert (
        copy(stored, "outputs", "backup", "--only", "do*").out
        == "Copied 1 project (1 file, 4.0 KiB); 0 unchanged.\n"
    )
    assert copy(stored, "m.yaml", "backup", "--only", "state:downloaded").code == 0
    assert copy(stored, "outputs", "backup", "--only", "nope").code == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["outputs", "./outputs/"], "are the same storage"),
        (["outptus", "backup"], "outptus has no receipt of mhsync"),
        (["m.yaml", "missing.yaml"], "there is no such file"),
        (["outputs"], "missing argument 'TO'"),
        (["outputs", "~/x"], "storage begins with '~'"),
    ],
)
def test_wrong_usage_is_exit_2(stored, args, message):
    done = copy(stored, *args)
    assert done.code == 2
    assert message in done.err
