"""Files share either all of their storages or none, and no file names a storage twice."""

from __future__ import annotations

import pytest

from mhsync.errors import ManifestError
from mhsync.loader.files import load

PROJECTS = "version: 1\nprojects: []\n"


def written(folder, **files: str):
    paths = []
    for name, storage in files.items():
        path = folder / f"{name}.yaml"
        path.write_text(f"{PROJECTS}{storage}\n")
        paths.append(path)
    return paths


def codes(paths) -> list[tuple[str, int | None]]:
    with pytest.raises(ManifestError) as caught:
        load(paths)
    return [(problem.code, problem.position.line) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "storage",
    [
        "copies: [./outputs]",
        "copies: [./a/../outputs/]",
        "storage: [./a, ./a]",
        "storage: [./a, ./b/../a]",
        "storage: ./a\ncopies: [./b, ./a]",
        "storage: [s3://a, s3://a/]",
    ],
)
def test_a_storage_that_is_named_twice_is_refused(tmp_path, storage):
    assert [code for code, _ in codes(written(tmp_path, one=storage))] == ["storage_twice"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("storage: [./a, ./b]", "storage: ./a"),
        ("storage: [./a, ./b]", "storage: ./b"),
        ("storage: [./a, ./b]", "storage: [./b, ./a]"),
        ("storage: [./a, ./b]", "storage: [./c, ./b]"),
    ],
)
def test_files_that_share_only_some_storages_are_refused(tmp_path, one, other):
    assert codes(written(tmp_path, one=one, other=other)) == [("storage_shared", 3)]


def test_files_with_the_same_storages_or_with_none_in_common_are_accepted(tmp_path):
    paths = written(tmp_path, one="storage: [./a, ./b]", two="storage: ./a\ncopies: [./b]", three="storage: ./c")
    manifest = load(paths)
    assert [file.required_copies for file in manifest.files] == [2, 2, 1]
    assert [place.storage for place in manifest.files[1].places] == ["./a", "./b"]
    assert all(place.places == (place,) for place in manifest.files[1].places)


def test_options_belong_to_their_storage(tmp_path):
    text = (
        "storage: s3://one\nstorage_options: {region: eu}\n"
        "copies:\n  - url: s3://two\n    options: {region: us}\n  - ./three\nmin_copies: 2"
    )
    (file,) = load(written(tmp_path, one=text)).files
    assert [dict(place.storage_options) for place in file.places] == [{"region": "eu"}, {"region": "us"}, {}]
    assert file.required_copies == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("storage: []", "bound"),
        ("copies: ./x", "type"),
        ("copies: [7]", "unquoted"),
        ("copies: [{options: {}}]", "missing_key"),
        ("copies: [{url: ./x, region: eu}]", "unknown_key"),
        ("copies: ['s3://user:hunter2@x/y']", "storage_secret"),
        ("copies: [{url: s3://x, options: {secret_key: abc}}]", "storage_secret"),
        ("min_copies: 0", "bound"),
        ("min_copies: 2", "min_copies"),
        ("storage: [./a, ./b]\nmin_copies: 3", "min_copies"),
        ("min_copies: all", "type"),
    ],
)
def test_each_mistake_is_reported_with_its_position_and_a_hint(tmp_path, text, code):
    with pytest.raises(ManifestError) as caught:
        load(written(tmp_path, one=text))
    (problem,) = caught.value.problems
    assert problem.code == code, problem
    assert problem.hint
    assert problem.position.line == 3 + text.count("\n")
    assert "abc" not in str(problem)
    assert "hunter2" not in str(problem)
