"""Ids are unique over all files, paths over all files that share a storage."""

from __future__ import annotations

import pytest

from mhsync.errors import ManifestError, Problem
from mhsync.loader import load


def clashes(*names: str) -> list[Problem]:
    try:
        load(names)
    except ManifestError as error:
        return list(error.problems)
    return []


def test_an_id_twice_in_one_file_names_both_places(problems_of) -> None:
    (problem,) = problems_of("version: 1\nprojects:\n  - id: clx7\n  - {state: deleted, id: clx7}\n")
    assert (problem.position.line, problem.position.column, problem.code, problem.id) == (
        4,
        26,
        "duplicate_id",
        "clx7",
    )
    assert problem.message == f"the id clx7 is listed twice: first at {problem.position.file}:3:9"


def test_an_id_in_two_files_names_both_places(write) -> None:
    a = write("version: 1\nprojects: [{id: clx7}]", "a.yaml")
    b = write("version: 1\nprojects: [{id: clx7}]", "b.yaml")
    (problem,) = clashes(a, b)
    assert str(problem) == f"{b}:2:17: the id clx7 is listed twice: first at {a}:2:17"


def test_ids_that_differ_in_case_are_two_projects(write) -> None:
    assert clashes(write("version: 1\nprojects: [{id: clx7}, {id: CLX7}]")) == []


def test_the_successor_of_a_lost_project_may_have_its_path(write) -> None:
    entries = "[{id: a, path: intro.wav, state: lost}, {id: b, path: intro.wav}]"
    assert clashes(write(f"version: 1\nprojects: {entries}")) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("intro.wav", "intro.wav"),
        ("Intro.WAV", "intro.wav"),
        ("caf\u00e9", "cafe\u0301"),
        ("{id}.wav", "b.wav"),
        ("A/{id}/B.wav", "a/b/{id}.wav"),
    ],
)
def test_two_projects_with_one_fixed_path_are_reported_before_any_request(
    problems_of, first: str, second: str
) -> None:
    entries = f'  - {{id: b, path: "{second}"}}\n  - {{id: B, path: "{first}"}}\n'
    (problem,) = problems_of(f"version: 1\nprojects:\n{entries}")
    assert (problem.position.line, problem.position.column, problem.code) == (4, 10, "duplicate_path")
    assert problem.message.endswith(f"first at {problem.position.file}:3:10")
    assert problem.hint == "give each its own, or put {id} into the path"


@pytest.mark.parametrize(("first", "second"), [("x", "X/y/z.wav"), ("x/y/z.wav", "X"), ("{id}", "B/{id}")])
def test_a_path_that_is_a_folder_of_another_path_is_reported(problems_of, first: str, second: str) -> None:
    other = f"  - {{id: d, path: '{first}-other'}}\n"
    entries = f'  - {{id: b, path: "{first}"}}\n  - {{id: c, path: "{second}"}}\n{other}'
    (problem,) = problems_of(f"version: 1\nprojects:\n{entries}")
    assert (problem.position.line, problem.position.column, problem.code, problem.id) == (
        4,
        10,
        "path_in_path",
        "c",
    )
    assert problem.message.endswith(f"first at {problem.position.file}:3:10")


def test_a_folder_of_one_file_and_a_path_of_another_conflict_at_the_later_one(write) -> None:
    a = write("version: 1\nprojects: [{id: z, path: x/a.wav}]", "a.yaml")
    b = write("version: 1\nprojects: [{id: b, path: x}]", "b.yaml")
    assert [str(p) for p in clashes(a, b)] == [f"{b}:2:17: the path of b is a folder of z's: first at {a}:2:17"]


def test_paths_in_one_folder_do_not_conflict(loaded) -> None:
    text = "version: 1\nprojects: [{id: b, path: x/y}, {id: c, path: x/z}, {id: d, path: x.wav}, {id: e, path: x/yy/a}]"
    assert len(loaded(text).entries) == 4


def test_a_default_path_without_fields_is_accepted_for_one_project(loaded, problems_of) -> None:
    assert loaded("version: 1\npath: intro.wav\nprojects: [{id: a}]").entries[0].path == "intro.wav"
    (problem,) = problems_of("version: 1\npath: intro.wav\nprojects: [{id: a}, {id: b}]")
    assert problem.code == "duplicate_path"


def test_a_project_that_stores_nothing_claims_no_path(loaded) -> None:
    text = "version: 1\npath: intro.wav\nprojects: [{id: a}, {id: b, state: deleted}, {id: c, state: deleted}]"
    assert len(loaded(text).entries) == 3


def test_paths_that_only_the_details_decide_are_left_to_the_plan(loaded) -> None:
    text = "version: 1\npath: '{name}{ext}'\nprojects: [{id: a}, {id: b}]"
    assert len(loaded(text).entries) == 2


ONE = "version: 1\nstorage: {}\nprojects: [{{id: {}, path: x.wav}}]"


@pytest.mark.parametrize(
    ("first", "second"),
    [("./out", "out/"), ("./out", "../{folder}/out"), ("s3://b/p", "s3://b/p/")],
)
def test_files_that_share_a_storage_share_its_paths(write, tmp_path, first: str, second: str) -> None:
    a = write(ONE.format(first, "a"), "a.yaml")
    b = write(ONE.format(second.format(folder=tmp_path.name), "b"), "b.yaml")
    assert [problem.code for problem in clashes(a, b)] == ["duplicate_path"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("./out", "./other"), ("s3://b/p", "s3://b/P"), ("s3://b/p", "gs://b/p"), ("./out", "s3://b/p")],
)
def test_files_with_storages_of_their_own_share_nothing(write, first: str, second: str) -> None:
    assert clashes(write(ONE.format(first, "a"), "a.yaml"), write(ONE.format(second, "b"), "b.yaml")) == []


def test_a_storage_in_another_region_is_another_storage(write) -> None:
    text = "version: 1\nstorage: s3://b\nstorage_options: {{region: {}}}\nprojects: [{{id: {}, path: x.wav}}]"
    a, b = write(text.format("eu-1", "a"), "a.yaml"), write(text.format("us-1", "b"), "b.yaml")
    assert clashes(a, b) == []
    assert len(clashes(a, write(text.format("eu-1", "b"), "b.yaml"))) == 1
