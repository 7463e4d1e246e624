"""JSON and JSON Lines manifests: the same values and problems as YAML, and strict JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.manifest import Manifest
from mhsync.errors import ManifestError, Problem
from mhsync.loader import files, load
from mhsync.loader.json_parser import JsonParser
from mhsync.loader.problems import Problems
from mhsync.loader.yaml_nodes import plain
from mhsync.settings import ManifestSettings
from tests.loader.test_fuzz import MANIFESTS

Write = Callable[..., str]
HEAD = '{"version": 1, "projects": [\n'


JSON_LINES = '{"version": 1}\n\n{"id": "a"}\n{"id": "b"}\n'


@pytest.mark.parametrize("name", ["manifest", "m.txt"])
def test_json_lines_are_recognized_by_their_content_where_the_suffix_says_nothing(write: Write, name: str) -> None:
    assert load([write(JSON_LINES, name)]).ids == {"a", "b"}
    assert load([write(JSON_LINES.replace("\n", "\r\n"), name)]).ids == {"a", "b"}
    with pytest.raises(ManifestError):
        load([write(JSON_LINES, "m.yaml")])


def problems_of(name: str, settings: ManifestSettings = ManifestSettings()) -> list[Problem]:  # noqa: B008
    with pytest.raises(ManifestError) as error:
        load([name], settings)
    found = list(error.value.problems)
    assert all(
        problem.hint and problem.message.isprintable() and problem.position.file == name for problem in found
    )
    return found


def shown(name: str, settings: ManifestSettings = ManifestSettings()) -> list[str]:  # noqa: B008
    return [f"{p.position.line}:{p.position.column} {p.code}" for p in problems_of(name, settings)]


def test_a_json_manifest_has_the_values_of_the_same_yaml(write: Write) -> None:
    text = json.dumps(
        {
            "$schema": "./mhsync.schema.json",
            "version": 1,
            "storage": "s3://bucket/a",
            "storage_options": {"region": "eu-1", "n": 5, "f": 1.5, "t": True},
            "path": "all/{id}{ext}",
            "state": "archived",
            "policy": {"deletes": "allow", "max_deletes": "30%", "durable_storage": True},
            "notify": [{"url": "${A}", "on": ["failed"], "options": {"a": [None, "ä", 1e5]}}],
            "projects": [{"id": "012"}, {"id": "a", "state": "deleted", "path": "x/{id}"}],
        },
        indent=2,
    )
    one, other = load([write(text, "m.json")]).files[0], load([write(text, "m.yaml")]).files[0]
    for name in ("sha256", "storage", "storage_options", "policy"):
        assert getattr(one, name) == getattr(other, name)
    assert [target.options for target in one.notify] == [target.options for target in other.notify]
    assert [(e.id, e.state, e.path, e.position.line, e.position.column) for e in one.entries] == [
        (e.id, e.state, e.path, e.position.line, e.position.column) for e in other.entries
    ]
    assert one.entries[1].position.file == str(Path(one.folder) / "m.json")


def test_json_lines_has_the_keys_of_the_file_first_and_then_a_project_on_each_line(write: Write) -> None:
    name = write(
        '\n{"version": 1, "state": "archived", "path": "{id}/x"}\n{"id": "a"}\n\n  {"id": "b", "state": "deleted"}',
        "m.jsonl",
    )
    assert [(e.id, e.state, e.path, e.position.line, e.position.column) for _, e in load([name])] == [
        ("a", "archived", "{id}/x", 3, 8),
        ("b", "deleted", "{id}/x", 5, 10),
    ]
    assert load([write('{"version": 1}', "n.ndjson")]).files[0].entries == ()


def test_a_folder_has_json_too_without_schemas_and_documents_of_mhsync(write: Write, tmp_path: Path) -> None:
    for id_, name in (("a", "a.json"), ("b", "b.yaml")):
        write(json.dumps({"version": 1, "projects": [{"id": id_}]}), f"set/{name}")
    write('{"version": 1}\n{"id": "c"}\n', "set/c.jsonl")
    write("{}", "set/mhsync.schema.json")
    write('{\n  "format": "mhsync.plan/1",\n  "x": 1}', "set/plan.json")
    assert [entry.id for _, entry in load([tmp_path / "set"])] == ["a", "b", "c"]


BAD = [
    ("", "1:1 empty"),
    (" \n", "1:1 empty"),
    ("[]", "1:1 type"),
    ("1", "1:1 type"),
    ('{"version": 1}', "1:1 missing_key"),
    ('{"version": 1, "projects": [],}', "1:31 json"),
    ('{"version": 1, "projects": [{"id": "a"},]}', "1:41 json"),
    ('{"version": 1, "projects": []} x', "1:32 json"),
    ('{"version": 1, "projects": []', "1:30 json"),
    ('{"version": 1 "projects": []}', "1:15 json"),
    ('{"version" 1, "projects": []}', "1:12 json"),
    ("{version: 1}", "1:2 json"),
    ("{'version': 1}", "1:2 json"),
    ('{"version": NaN}', "1:13 json"),
    ('{"version": -Infinity}', "1:13 json"),
    ('{"version": 01}', "1:13 json"),
    ('{"version": 1, "storage": "a\nb"}', "1:29 json"),
    ('{"version": 1, "storage": "a', "1:27 json"),
    ('{"version": 1, "storage": "\\x"}', "1:28 json"),
    ('{"version": 1, "storage": "\\ud800"}', "1:27 json"),
    ('{"version": 1, // x\n"projects": []}', "1:16 json"),
    ('{"version": 1,\n "version": 1, "projects": []}', "2:2 duplicate_key"),
    ('{"version": 1, "projects": [{"id": "a", "id": "b"}]}', "1:41 duplicate_key"),
    ('{"version": 1, "projects": [{"id": 12}]}', "1:36 unquoted"),
    ('{"version": 1, "projects": [{"id": "a"},\n {"id": "a"}]}', "2:9 duplicate_id"),
    ('{"version": 1, "projects": [{"ids": "a"}]}', "1:30 unknown_key"),
    ('{"version": 1, "projects": [[[[[[[[]]]]]]]]}', "1:35 depth"),
    ('\ufeff{"version": 2, "projects": []}', "1:13 version"),
    ('{"version": 1, "projects": [\x00]}', "1:29 control"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), BAD, ids=range(len(BAD)))
def test_what_is_wrong_is_reported_at_its_position(write: Write, text: str, problem: str) -> None:
    assert problem in shown(write(text, "m.json"))


BAD_LINES = [
    ("", ["1:1 empty"]),
    ("\n\n", ["1:1 empty"]),
    ("[]\n", ["1:1 type"]),
    ('{"id": "a"}\n', ["1:1 missing_key", "1:2 unknown_key"]),
    ('{"version": 1, "projects": []}\n{"id": "a"}\n', ["1:16 json"]),
    ('{"version": 1}\n{"id": "a b"}\n{"id": \n{"id": "c"} x\n[]\n{"id": "a", "state": "x"}\n',
     ["2:8 id", "3:8 json", "4:13 json", "5:1 type", "6:22 unknown_value"]),
    ('{"version": 1,\n"state": "archived"}\n', ["1:15 json", "2:8 json"]),
    ('{"version": 1}\n{"id": "a"}\n{"id":\n"a"}', ["3:7 json", "4:4 json"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problems"), BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_bad_line_hides_no_problem_of_the_others(write: Write, text: str, problems: list[str]) -> None:
    assert shown(write(text, "m.jsonl")) == problems


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (ManifestSettings(size=10), "size"),
        (ManifestSettings(values=6), "values"),
        (ManifestSettings(text=3), "long"),
        (ManifestSettings(depth=2), "depth"),
        (ManifestSettings(projects=1), "projects"),
    ],
)
@pytest.mark.parametrize("name", ["m.json", "m.jsonl", "m.yaml"])
def test_the_bounds_hold_in_every_language(write: Write, settings: ManifestSettings, code: str, name: str) -> None:
    text = '{"version": 1, "projects": [\n{"id": "abcd"},\n{"id": "b"}]}'
    lines = '{"version": 1}\n{"id": "abcd"}\n{"id": "b"}'
    if code == "depth" and name == "m.jsonl":
        lines += '\n{"id": [[[]]]}'
    assert code in {
        problem.code for problem in problems_of(write(lines if name == "m.jsonl" else text, name), settings)
    }


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**17), 10**17), st.floats(allow_nan=False, allow_infinity=False), st.text("ab\"\\/é\n😀", max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\"é", max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_fuzz_the_parser_reads_what_json_reads(value: Any, indent: int | None, ascii_only: bool) -> None:
    problems = Problems("m", 9)
    node = JsonParser(
        json.dumps(value, indent=indent, ensure_ascii=ascii_only), problems, ManifestSettings(depth=99)
    ).parse()
    assert node is not None
    assert not problems
    assert plain(node) == value


@given(st.text('{}[]",:\\ \n01eE.-+tfnrualse"x', max_size=12))
def test_fuzz_the_parser_refuses_what_json_refuses(text: str) -> None:
    try:
        json.loads(text, parse_constant=lambda name: [][int(name)])
    except (ValueError, RecursionError):
        is_json = False
    else:
        is_json = True
    problems = Problems("m", 9)
    JsonParser(text, problems, ManifestSettings()).parse()
    refusals = {problem.code for problem in problems.reported()} - {"duplicate_key", "depth"}
    assert (
        (not refusals and bool(text.strip())) == is_json
        or not text.strip()
        or any(problem.code in ("depth",) for problem in problems.reported())
    )


ENTRIES = [
    '{"id": "abcdef1"}',
    '{"id":"abcdef2","state":"archived"}',
    '{"id": "abcdef3", "path": "x/{id}", "state": "deleted"}',
    '{\n  "id" : "012" ,\n  "state" : "archived"\n}',
    ' {"id": "no"} ',
]
ODD = [
    '{"id": "abcdef1"}',
    '{"id": "a b"}',
    '{"id": 12}',
    '{"id": "abcdef4", "state": "x"}',
    '{"id": "abcdef5", "state": "archived", "state": "deleted"}',
    '{"id": "abcdef6", "path": "../x"}',
    '{"id": "abcdef7", "path": "a\\u0062"}',
    '{"state": "archived", "id": "abcdef8"}',
    '{"id": "abcdef9", "note": "x\\"}]"}',
    '{"id": "abcdefa",}',
    "{}",
    "[]",
    "null",
    "[[[[[[[[[[]]]]]]]]]]",
    '{"id": "abcdefb"',
    '"id": "abcdefc"}',
    "x",
    "",
    '{"id": "abcdefd"} {"id": "abcdefe"}',
]
HEADS = ['{"version": 1, "projects": [', '{"version": 1,\n "projects":\n [', '{"version": 2, "projects": [', '{"notify": [{"projects": [], "url": "a://b"}], "version": 1, "projects": [', '{"storage": "\\"projects\\": [", "version": 1, "projects": [', "["]  # fmt: skip
TAILS = [
    "]}",
    '],\n "state": "archived"}',
    '], "state": "x"}',
    "],}",
    "]",
    "",
    ",]}",
    "]} x",
    '], "projects": []}',
]


def outcome(file: Path) -> Manifest | tuple[Problem, ...]:
    try:
        return load([file])
    except ManifestError as error:
        return error.problems


def check_same(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="")
    with mock.patch.object(files, "_WORTH_A_SCAN", 0):
        quick = outcome(file)
    with mock.patch.object(files, "_scans", lambda *_: [None]):
        slow = outcome(file)
    assert quick == slow, text


LISTS = st.lists(st.one_of(st.sampled_from(ENTRIES), st.sampled_from(ENTRIES), st.sampled_from(ODD)), max_size=6)


@given(
    st.one_of(st.just(HEADS[0]), st.sampled_from(HEADS)), LISTS, st.one_of(st.just(TAILS[0]), st.sampled_from(TAILS)),
    st.sampled_from([",", ", ", ",\n", "\n,\r\n  "]),
)  # fmt: skip
def test_fuzz_json_is_read_alike_with_and_without_the_scan(
    tmp_path_factory: pytest.TempPathFactory, head: str, entries: list[str], tail: str, comma: str
) -> None:
    check_same(tmp_path_factory.getbasetemp() / "m.json", head + comma.join(entries) + tail)


@given(
    st.sampled_from(['{"version": 1}', '{"version": 1, "projects": []}', "", '{"version": 1', "x"]),
    LISTS,
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_fuzz_json_lines_are_read_alike_with_and_without_the_scan(
    tmp_path_factory: pytest.TempPathFactory, head: str, entries: list[str], end: str
) -> None:
    check_same(tmp_path_factory.getbasetemp() / "m.jsonl", end.join([head, *entries]))


@given(MANIFESTS)
def test_fuzz_any_values_end_in_a_manifest_or_its_problems(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name in ("f.json", "f.jsonl"):
        file = folder / name
        file.write_bytes(json.dumps(value).encode())
        outcome(file)


class TestWhatTheParserSees:
    @staticmethod
    def values(name: str) -> int:
        with (
            mock.patch.object(JsonParser, "_count", autospec=True, side_effect=JsonParser._count) as count,
            mock.patch.object(files, "_WORTH_A_SCAN", 0),
        ):
            load([name])
        return count.call_count

    def test_no_node_is_made_for_a_good_entry(self, write: Write) -> None:
        def texts(number: int) -> list[str]:
            entries = [f'{{"id": "p{i}", "state": "archived"}}' for i in range(number)]
            return [write(f'{{"version": 1, "projects": [{", ".join(entries)}]}}', f"{number}.json"),
                    write("\n".join(['{"version": 1}', *entries]), f"{number}.jsonl")]  # fmt: skip

        for few, many in zip(texts(1), texts(400), strict=True):
            assert self.values(few) == self.values(many)
