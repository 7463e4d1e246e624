"""Manifest files and folders: which are read, in which order, each once; all problems are reported at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mhsync.errors import ManifestError, Problem
from mhsync.loader import load


def one(id: str) -> str:
    return f"version: 1\nprojects: [{{id: {id}}}]\n"


def problems_of(*paths: str | Path) -> list[Problem]:
    with pytest.raises(ManifestError) as error:
        load(paths)
    return list(error.value.problems)


def ids(*paths: str | Path) -> list[str]:
    return [entry.id for _, entry in load(paths)]


def test_files_are_read_in_the_order_in_which_they_are_given(write) -> None:
    a, b = write(one("a"), "a.yaml"), write(one("b"), "b.yaml")
    assert ids(b, a) == ["b", "a"]


def test_a_folder_gives_its_manifests_in_order_and_nothing_else(write, tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", ".hidden.yaml", "notes.txt", "c.yaml.bak", "deeper/d.yaml"):
        write(one(Path(name).stem.strip(".").replace(".", "-")), f"set/{name}")
    (tmp_path / "set" / "folder.yaml").mkdir()
    manifest = load([tmp_path / "set"])
    assert [file.file for file in manifest.files] == [str(tmp_path / "set/a.yaml"), str(tmp_path / "set/b.yml")]
    assert manifest.ids == {"a", "b"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"name": "x", "version": "1.0.0", "dependencies": {}}'),
        ("docker-compose.yaml", "services:\n  web: {image: x}\n"),
        ("list.json", "[1, 2]"),
    ],
)
def test_a_file_of_a_folder_that_is_not_a_manifest_is_one_problem(write, tmp_path: Path, name, text) -> None:
    write(one("a"), "set/a.yaml")
    other = write(text, f"set/{name}")
    (problem,) = problems_of(tmp_path / "set")
    assert (problem.code, problem.position.file) == ("not_manifest", other)
    assert problem.message == "this file of the folder is not a manifest: it has no key 'projects'"
    assert problem.hint == "move it out of the folder, or give the manifests one by one"
    assert all(found.code != "not_manifest" for found in problems_of(other))


def test_a_misspelt_key_or_a_wrong_value_in_a_folder_keeps_its_own_problem(write, tmp_path: Path) -> None:
    write("version: 1\nproject: []\n", "set/a.yaml")
    assert {problem.code for problem in problems_of(tmp_path / "set")} == {"unknown_key"}
    write("", "set/a.yaml")
    assert [problem.code for problem in problems_of(tmp_path / "set")] == ["empty"]


def test_each_file_knows_its_name_as_given_and_its_own_folder(write, tmp_path: Path, monkeypatch) -> None:
    write(one("a"), "set/a.yaml")
    monkeypatch.chdir(tmp_path)
    (file,) = load(["set/a.yaml"]).files
    assert (file.file, file.folder, file.entries[0].position.file) == (
        "set/a.yaml",
        str(tmp_path / "set"),
        "set/a.yaml",
    )
    (file,) = load(["set"]).files
    assert (file.file, file.folder) == ("set/a.yaml", str(tmp_path / "set"))


def test_each_file_has_its_own_defaults(write) -> None:
    a = write("version: 1\nstate: archived\npath: 'x/{id}'\nprojects: [{id: a}]", "a.yaml")
    b = write(one("b"), "b.yaml")
    assert [(entry.state, entry.path) for _, entry in load([a, b])] == [
        ("archived", "x/{id}"),
        ("downloaded", "{id}/{filename}"),
    ]


def test_a_file_given_twice_is_taken_once(write, tmp_path: Path) -> None:
    name = write(one("a"), "set/a.yaml")
    (tmp_path / "link.yaml").symlink_to(name)
    assert ids(name, tmp_path / "set" / ".." / "set" / "a.yaml", tmp_path / "link.yaml", tmp_path / "set") == ["a"]


def test_all_problems_of_all_files_are_reported_at_once(write, tmp_path: Path) -> None:
    a = write("version: 1\nprojects: [{id: a}, {id: c, state: x}]", "a.yaml")
    b = write("version: 1\nprojects: [", "b.yaml")
    c = write("version: 1\nstate: y\nprojects: [{id: c}, {id: d}, {id: a}]", "c.yaml")
    gone = str(tmp_path / "gone.yaml")
    assert [(p.position.file, p.position.line, p.code, p.id) for p in problems_of(a, gone, b, c)] == [
        (a, 2, "unknown_value", "c"),
        (gone, None, "missing", None),
        (b, 3, "yaml", None),
        (c, 2, "unknown_value", None),
        (c, 3, "duplicate_id", "c"),
        (c, 3, "duplicate_id", "a"),
    ]


def test_a_file_that_cannot_be_read_is_named(write, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write("x", "texts/a.txt")
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    through_a_file = write(one("a"), "a.yaml") + "/b.yaml"
    found = problems_of(
        tmp_path / "empty", tmp_path / "texts", tmp_path / "gone", loop, through_a_file, "nul\0.yaml"
    )
    assert [(Path(p.position.file or "").name, p.code) for p in found] == [
        ("empty", "no_files"),
        ("texts", "no_files"),
        ("gone", "missing"),
        ("loop.yaml", "unreadable"),
        ("b.yaml", "unreadable"),
        ("nul\0.yaml", "unreadable"),
    ]
    assert all(problem.hint for problem in found)


def test_no_files_are_an_error() -> None:
    assert [problem.code for problem in problems_of()] == ["no_files"]


def test_a_pipe_can_be_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(one("a")))
    writer.start()
    assert ids(pipe) == ["a"]
    writer.join()


def test_the_number_of_reported_problems_of_a_file_is_limited(write) -> None:
    lines = "".join(f"  - {{id: a{number}, state: x}}\n" for number in range(60))
    a = write(f"version: 1\nprojects:\n{lines}", "a.yaml")
    b = write("version: 1\nstate: x\nprojects: []", "b.yaml")
    found = problems_of(a, b)
    assert [problem.position.line for problem in found] == [*range(3, 53), None, 2]
    assert str(found[50]) == f"{a}: and 10 more problems"


def test_importing_the_package_and_reading_yaml_loads_no_jsonschema() -> None:
    code = "import sys, mhsync, mhsync.loader; from mhsync.loader import yaml_parser; print('jsonschema' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"


def saved(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_syntax_error_hides_no_problem_before_it_nor_in_other_files(tmp_path: Path) -> None:
    broken = saved(
        tmp_path / "broken.yaml",
        "version: 2\nstorge: ./x\nprojects:\n  - id: a b\n  - {id: one, state: downloded}\n  - id: two\n"
        "    state: deleted: now\n  - id: after\n",
    )
    other = saved(tmp_path / "other.yaml", "version: 1\nprojects:\n  - {id: one}\n  - {id: a/b}\n")
    assert [(Path(p.position.file or "").name, p.position.line, p.code) for p in problems_of(broken, other)] == [
        ("broken.yaml", 1, "version"),
        ("broken.yaml", 2, "unknown_key"),
        ("broken.yaml", 4, "id"),
        ("broken.yaml", 5, "unknown_value"),
        ("broken.yaml", 7, "yaml"),
        ("other.yaml", 3, "duplicate_id"),
        ("other.yaml", 4, "id"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nstorage: 'x\nprojects: []\n",
        'version: 1\nstorage: "./a\npath: "{id}"\nprojects: []\n',
        "version: 1\nprojects:\n  - {id: a, state: deleted\n  - {id: b}\n",
        "version: 1\nprojects: [{id: a}, {id: b}\nstate: archived\n",
        "version: 1\npolicy:\n  deletes: forbid\n max_deletes: 3\nprojects: []\n",
        "version: 1\nprojects:\n  - id: a\n   state: deleted\n",
        "version: 1\nprojects:\n\t- id: a\n",
        "version: 1\nnotify:\n  - url: a: b\n",
    ],
)
def test_a_syntax_error_is_the_only_problem_of_what_it_cuts_off(tmp_path: Path, text: str) -> None:
    assert [p.code for p in problems_of(saved(tmp_path / "m.yaml", text))] == ["yaml"]
