"""Seeds: the account at the start, and errors with positions and hints."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhsync.core.project import ProjectError
from mhsync.errors import ManifestError, UsageError
from mhsync.sandbox.account import AfterDelete, SandboxProject, outputs_of
from mhsync.sandbox.seed import load_seed, read_seed, seed_of


def test_an_id_without_fields_is_a_complete_project_with_one_output_of_one_second() -> None:
    account = read_seed(b"projects:\n  - id: intro\n", "seed.yaml")
    assert account.project("intro") == SandboxProject("intro", outputs=outputs_of("intro"))
    assert account.project("intro").outputs[0].audio.size == 32_080


def test_every_field_is_read(tmp_path: Path) -> None:
    file = tmp_path / "seed.yaml"
    file.write_text(
        """
        after_delete: disabled
        projects:
          - id: a
            name: 12e3
            type: NEW_KIND
            status: queued
            created_at: 2026-03-01T10:00:00
            credits_charged: 9
            later: {rendering: 1, complete: 2.5}
            outputs: 2
            size: 64KiB
          - {id: b, status: error, error: {code: bad_voice, message: "No: not that"}, outputs: 0}
          - {id: c, deleted: true, after_delete: not_found, name: null}
          - id: d
            outputs: [{path: "x/é.wav", seconds: 0.5}, {size: 1.5kB}]
        """
    )
    account = load_seed(file)
    assert account.ids == ("a", "b", "c", "d")
    assert account.project("a") == SandboxProject(
        "a",
        status="queued",
        name="12e3",
        type="NEW_KIND",
        created_at="2026-03-01T10:00:00",
        credits_charged=9,
        outputs=outputs_of("a", 2, size=65_536),
        later=((1.0, "rendering"), (2.5, "complete")),
    )
    assert account.project("b").error == ProjectError("bad_voice", "No: not that")
    assert account.project("b").outputs == ()
    assert (account.project("c").name, account.project("c").after_delete) == (None, AfterDelete.NOT_FOUND)
    assert [(output.path, output.audio.size) for output in account.project("d").outputs] == [
        ("x/é.wav", 16_080),
        ("output.wav", 1_500),
    ]
    assert account.delete("a")
    state = account.state("a")
    assert state is not None
    assert state.after_delete is AfterDelete.DISABLED


def test_a_count_makes_many_different_projects() -> None:
    account = seed_of({"projects": [{"id": "bulk-{n}", "count": 10_000, "size": 80, "outputs": 2}]})
    assert len(account.ids) == 10_000
    assert (account.ids[0], account.ids[-1]) == ("bulk-1", "bulk-10000")
    etags = {output.audio.etag for id in account.ids[:50] for output in account.project(id).outputs}
    assert len(etags) == 100


def test_a_mapping_is_read_like_a_file() -> None:
    name = 'x\x1b[1m 🎵 "\\\n\u202e'
    assert seed_of({"projects": [{"id": "a", "name": name}]}).project("a").name == name
    assert seed_of({"projects": []}).ids == ()
    with pytest.raises(ManifestError, match="<seed>"):
        seed_of({"project": []})


@pytest.mark.parametrize(
    ("item", "column", "message", "hint"),
    [
        ("{name: x}", 5, "a project has no id", "write 'id: …'"),
        ("{id: a b}", 10, "invalid id: 'a b'", "A-Z a-z 0-9 _ -"),
        ("{id: a, statos: draft}", 13, "unknown key 'statos'", "did you mean 'status'?"),
        ("{id: a, status: done}", 21, "status is 'done'", "one of draft, queued"),
        ("{id: a, size: big}", 19, "size is 'big'", "64KiB"),
        ("{id: a, size: 81}", 19, "not 81", "within these bounds"),
        ("{id: a, seconds: 1e9}", 22, "not 32000000000080", "within these bounds"),
        ("{id: a, created_at: yesterday}", 25, "created_at is 'yesterday'", "2026-01-15T09:30:00.000Z"),
        ("{id: a, deleted: maybe}", 22, "deleted is 'maybe'", "true or false"),
        ("{id: a, outputs: -1}", 22, "outputs is '-1'", "a whole number from 0"),
        ("{id: a, later: {gone: 3}}", 21, "unknown key 'gone'", "known here: draft"),
        ("{id: a, later: 3}", 20, "later is not a mapping", "write 'later: {…}'"),
        ("{id: a, error: {kode: x}}", 21, "unknown key 'kode'", "did you mean 'code'?"),
        ("{id: a, name: [x]}", 19, "name is a list or mapping", "a text"),
        ("{id: a, count: 3}", 20, "a count needs {n}", "some-{n}"),
        ("{id: 'a-{n}', count: 999999}", 26, "at most 200000", "some-{n}"),
        ("{id: a, outputs: [{path: x}, {path: x}]}", 41, "two outputs have the path 'x'", "its own"),
        ("{id: a, outputs: [x]}", 23, "an item of outputs is not a mapping", "- key: value"),
        ("a", 5, "an item of projects is not a mapping", "- key: value"),
    ],
)
def test_an_error_names_file_line_and_column_and_what_to_write(
    item: str, column: int, message: str, hint: str
) -> None:
    text = f"# a comment\nprojects:\n  - {item}\n"
    with pytest.raises(ManifestError) as caught:
        read_seed(text.encode(), "seed.yaml")
    (problem,) = caught.value.problems
    assert str(problem.position) == f"seed.yaml:3:{column}"
    assert message in problem.message
    assert hint in (problem.hint or "")


def test_all_problems_are_reported_at_once() -> None:
    text = b"projects:\n  - {id: a, size: 3}\n  - {id: a}\n  - {id: b, nam: x}\nafter_delete: maybe\n"
    with pytest.raises(ManifestError) as caught:
        read_seed(text, "s.yaml")
    assert [str(problem.position) for problem in caught.value.problems] == [
        "s.yaml:2:19",
        "s.yaml:3:10",
        "s.yaml:4:13",
        "s.yaml:5:15",
    ]
    assert "two projects have the id a" in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"- a\n", b"projects: *x\n", b"projects: [\n", b"\xff\xfe"])
def test_a_file_that_is_not_a_seed_is_a_clear_error(text: bytes) -> None:
    with pytest.raises(ManifestError, match="seed.yaml"):
        read_seed(text, "seed.yaml")


def test_a_missing_file_is_a_usage_error_that_names_it(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(UsageError, match="cannot read the file") as caught:
            load_seed(path)
        assert caught.value.problems[0].position.file == str(path)
