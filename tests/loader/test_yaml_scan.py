"""The quick reading of entries: the same values and the same problems as by the parser, which reads the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mhsync.core.manifest import Manifest
from mhsync.errors import ManifestError, Problem
from mhsync.loader import files, load, yaml_parser
from mhsync.loader.yaml_scan import scan

HEAD = "version: 1\nprojects:\n"
HEADS = [
    "version: 1\n",
    "version: 1\nstate: archived\npath: 'all/{id}{ext}'\n",
    "# a comment\n\nversion: 1\nnotify:\n  - url: '${A}'\n",
    "version: 2\n",
    "version: 1\nstorage: 'x\n",
    'version: 1\nstorage: "x\n',
    "version: 1\nstorage: |\n",
    "version: 1\nstorage: x\n y\n",
    "version: 1\nstorage: [\n",
    "version: 1\n? key\n",
    "version: 1\nstorage_options:\n",
    "{version: 1,\n",
    "- version: 1\n",
    "---\nversion: 1\n",
    "%YAML 1.1\n---\nversion: 1\n",
    "  version: 1\n",
]
PROJECTS = ["projects:\n", "projects:  # all\n", "projects: # a 'quote\n", "projects: \n", "projects:\t\n", "projects:#\n", "'projects':\n", "\nprojects:\n"]  # fmt: skip
ENTRIES = [
    "- id: abcdef1",
    "- id: abcdef2\n  state: archived",
    "- id: abcdef3  # why\n  path: '{id}/x'\n  state: deleted",
    "- id: abcdef4\n  state: 'archived'\n  path: \"a/b\"",
    "- id: '012'",
    '- id: "no"',
    "- {id: abcdef5}",
    "- {id: abcdef6, state: archived}",
    '- {"id": "abcdef7", "path": "same/{id}"}',
    "- { id: abcdef8 }",
    '- {"id":"abcdefA","state":"archived"}',
    '- {"id":"abcdefB", "path":"x/{id}"}',
    "- id: abcdef9\n  path: plain/path.wav",
    "# a comment with \" and '\n- id: abcdefa",
    "\n\n- id: abcdefb",
    "- id: abcdeg1\n  name: Morning jingle",
    "- id: abcdeg2\n  name: 'It''s: # {x}'\n  state: archived\n  tags: [podcast, 'a b']",
    "- id: abcdeg3\n  note: |\n    - id: not-an-entry\n  tags:\n    - podcast\n    - intro",
    '- {id: abcdeg4, name: "a \\" b", note: x, tags: [y]}',
    '- {id: abcdeg5, name: "Intro: #1", tags: [y, a b], note: plain words}  # it\'s',
    '- id: abcdeg6\n  name: "it\'s"  # "\n  note: \'"\'',
]
ODD = [
    "- id: 012",
    "- id: no",
    "- id: 1e5",
    "- id: abcdef1",
    "- id: b c",
    "- id: abcdefc\n  state: archve",
    "- id: abcdefd\n  state: archived\n  state: deleted",
    "- id: abcdefe\n  path: a\n  path: b",
    "- id: abcdeff\n  path: '../x'",
    "- id: abcdefg\n  path: 12",
    "- id: abcdefh\n    state: archived",
    "- id: abcdefi\n state: archived",
    "- id: abcdefj\n  continued",
    "- id: abcdefj\n   continued",
    "- id: abcdefk: x",
    "- id: 'abcdef\n",
    '- id: "abcdef\n',
    "- {id: abcdefl,",
    "- {id: abcdefm",
    "- [",
    "- ]",
    "- |",
    "- >\n  x",
    "- id: |\n  abcdefn",
    "- path: |\n    x\n  id: abcdefo",
    "- id: &a abcdefp",
    "- *a",
    "- !t {id: abcdefq}",
    "- id: abcdefr\n  <<: x",
    "- id:",
    "- id: ~",
    "-",
    "- -",
    "- - id: abcdefs",
    "  - id: abcdeft",
    "word",
    "  word",
    "x: y",
    "  x: y",
    "- state: archived\n  id: abcdefu",
    "- ids: abcdefv",
    "- id: abcdefw\n  note: it's",
    "- id: abcdefx\n  path: it's",
    "- id: abcdefx\n  x' : \"y'",
    "- id: abcdefx\n  name: \"y' #\n  note: '",
    "- id: abcdefx\n  name: 'a''",
    "- id: abcdefx\n  name: \"a\" b",
    "- id: abcdefx\n  name: \"a\\\"",
    "- id: abcdefx\n  tags: [a,",
    "- id: abcdefx\n  note: |\n    name: \"x",
    "- {id: abcdefx, name: 'a, tags: [b]}",
    '- {id: abcdefx, name: "a", tags: [b}',
    "- {id: abcdefx, note: it's}",
    "- id: abcdefy\n  path: same/{id}",
    "- {id: abcdefz, path: \"a\\\"b\"}",
    '- {"id: abcdef0}',
    '- {"id":abcdefC}',
    "- {id:abcdefD}",
    '- {"id" : "abcdefE"}',
    "- {id: abcdef0, state: \"archived'}",
    "- id: abcdef0#x",
    "- id: abcdef0 #x",
    "- id: 'abcdef0'#x",
    "\t- id: abcdef0",
    "- id: abcdef0\t",
    "---",
    "...",
    "projects:",
    "notify:\n- url: ${A}",
    "state: archived",
    "? x",
    ": x",
]  # fmt: skip
TAILS = ["", "state: deleted\n", "# end", "notify:\n  - url: ${A}\n  - id: abcdef1\n", "'path': x\n", "...\n", "---\n- id: abcdef1\n", "x: '\n", "]\n", " y\n", "storage: z"]  # fmt: skip


def outcome(file: Path) -> Manifest | tuple[Problem, ...]:
    try:
        return load([file])
    except ManifestError as error:
        return error.problems


def check_same(file: Path, text: str) -> None:
    """The file is read alike with and without the scan."""
    file.write_text(text, encoding="utf-8", newline="")
    with mock.patch.object(files, "_WORTH_A_SCAN", 0):
        quick = outcome(file)
    with mock.patch.object(files, "_scans", lambda *_: [None]):
        slow = outcome(file)
    assert quick == slow, text
    if isinstance(quick, Manifest):
        # The options of a storage and a target do not count for equality.
        assert [vars_of(one) for one in quick.files] == [vars_of(one) for one in slow.files]  # type: ignore[union-attr]


def vars_of(file: object) -> dict[str, object]:
    return {name: getattr(file, name) for name in file.__dataclass_fields__}  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scan") / "m.yaml"


def indented(entries: list[str], spaces: int) -> str:
    lines = [line for entry in entries for line in entry.split("\n")]
    return "".join(f"{' ' * spaces if line else ''}{line}\n" for line in lines)


MANIFESTS = st.builds(
    lambda head, projects, entries, spaces, tail, cut, end: (head + projects + indented(entries, spaces) + tail)[
        : -cut or None
    ].replace("\n", end),
    st.one_of(st.sampled_from(HEADS[:3]), st.sampled_from(HEADS)),
    st.one_of(st.sampled_from(PROJECTS[:2]), st.sampled_from(PROJECTS)),
    st.lists(st.one_of(st.sampled_from(ENTRIES), st.sampled_from(ENTRIES), st.sampled_from(ODD)), max_size=7),
    st.sampled_from([0, 2, 2, 4]),
    st.one_of(st.sampled_from(TAILS[:3]), st.sampled_from(TAILS)),
    st.sampled_from([0, 0, 0, 1, 5]),
    st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"]),
)


@given(MANIFESTS)
@example(HEAD + "  - id: abcdef1\n  - id: abcdef2\n    state: a: b\n  - id: abcdef1\n")
@example(HEAD + "  - id: abcdef1\n  x: y\n")
@example('version: 1\nstorage: "a\nprojects:\n  - id: abcdef1\n"\n')
def test_fuzz_a_manifest_is_read_alike_with_and_without_the_scan(file: Path, text: str) -> None:
    check_same(file, text)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("spaces", [0, 2])
def test_an_odd_entry_among_others_is_read_alike(file: Path, odd: str, spaces: int) -> None:
    for entries in (
        [odd, *ENTRIES],
        [*ENTRIES[:5], odd, *ENTRIES[5:]],
        [*ENTRIES, odd],
        [ENTRIES[0], odd, ENTRIES[1], odd],
    ):
        check_same(file, HEAD + indented(entries, spaces) + "state: archived\n")


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("tail", TAILS)
def test_the_keys_before_and_after_the_projects_are_read_alike(file: Path, head: str, tail: str) -> None:
    for projects in PROJECTS:
        check_same(file, head + projects + indented(ENTRIES, 2) + tail)
        check_same(file, head + projects + indented(ENTRIES, 0) + tail)


class TestWhatTheParserSees:
    """The parser's work is counted: the number of its events does not grow with the number of good entries."""

    @staticmethod
    def events(file: Path, text: str) -> int:
        file.write_text(text, encoding="utf-8")
        with (
            mock.patch.object(
                yaml_parser._Builder, "take", autospec=True, side_effect=yaml_parser._Builder.take
            ) as take,
            mock.patch.object(files, "_WORTH_A_SCAN", 0),
        ):
            load([file])
        return take.call_count

    @pytest.mark.parametrize(
        "entry", ["  - id: p%07d\n", "  - {id: p%07d, state: archived}\n", "  - id: 'p%07d'\n    path: 'a/{id}'\n"]
    )
    def test_no_node_is_made_for_a_good_entry(self, file: Path, entry: str) -> None:
        few, many = (HEAD + "".join(entry % number for number in range(count)) for count in (1, 500))
        assert self.events(file, few) == self.events(file, many)

    def test_one_odd_entry_costs_the_parser_only_itself_and_the_one_before(self, file: Path) -> None:
        good = "".join(f"  - id: p{number:07d}\n" for number in range(500))
        assert self.events(file, HEAD + good + "  - state: archived\n    id: odd\n" + good.replace("p", "q")) < 40


def test_the_lines_of_what_is_left_are_those_of_the_file() -> None:
    found = scan(HEAD + "  - id: abcdef1\n\n  # x\n  - id: abcdef2\nstate: archived\n")
    assert found is not None
    assert len(found) == 2
    assert found.rest == "version: 1\nprojects: []\n\n\n\n\nstate: archived\n"


def test_jsonschema_is_not_imported_for_a_valid_manifest(tmp_path: Path) -> None:
    examples = Path(__file__).parents[2] / "examples"
    code = "import sys; from mhsync.loader import load; load(sys.argv[1:]); print('jsonschema' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(examples / "manifest.yaml")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    "named",
    [
        '- id: named\n  name: "It\'s: {x}"  # a comment\n  tags: [podcast, intro]\n',
        "- id: named\n  note: 'a \"b\"'\n  state: archived\n",
        '- {id: named, name: "Intro", tags: [podcast], note: plain words}\n',
    ],
)
def test_an_entry_with_labels_does_not_slow_down_the_others(named: str) -> None:
    plain = [f"- id: clx{number:05d}\n" for number in range(100)]
    found = scan("".join([HEAD, *plain[:50], named, *plain[50:]]))
    assert found is not None
    assert len(found) >= 98
