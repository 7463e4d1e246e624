"""Fuzz: any bytes give a Manifest or a ManifestError, and a loaded manifest keeps the rules of the loader.

`make fuzz` tries many more examples.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from mhsync.core.manifest import Manifest
from mhsync.core.project import is_valid_id
from mhsync.core.template import check_template
from mhsync.errors import ManifestError
from mhsync.loader import load
from mhsync.settings import ManifestSettings

GOOD = """\
version: 1
storage: s3://bucket/a
storage_options: {region: eu-1, n: 5}
path: "{id}/{filename}"
state: archived
policy: {deletes: confirm, max_deletes: "30%", durable_storage: false}
notify:
  - {url: "${SLACK_URL}", on: [failed, deleted], options: {a: {b: [c]}}}
projects:
  - id: clx7
  - {id: "012", state: deleted}
  - {id: clx9, state: downloaded, path: "intro/{name}{ext}"}
"""
WORDS = sorted({*GOOD.replace("{", " ").split(), "{", "}", "[", "]", "- ", ": ", "\n", "\n  ", "'", '"', "&a ", "*a",
                "<<", "!t ", "|", ">", "#", "\t", "? ", "%", "---", "...", "\r", "\x85", "\0", "..", "/", "\\", "~",
                "1e5", "{id", "${", "://", "u:p@", "key"})  # fmt: skip


def attempt(data: bytes, folder: Path) -> Manifest | ManifestError:
    """The manifest, or its error, which must be one that a person and a program can use."""
    file = folder / "fuzz.yaml"
    file.write_bytes(data)
    try:
        return load([file], ManifestSettings(size=200_000))
    except ManifestError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.code
            assert problem.hint
            assert f"{problem.message}{problem.hint}".isprintable()
            assert len(problem.message) < 400
            assert problem.position.file == str(file)
            assert problem.position.line is None or (
                problem.position.line >= 1 and (problem.position.column or 0) >= 1
            )
        return error


def check(found: Manifest | ManifestError) -> None:
    """What the rest of the program takes for granted."""
    if isinstance(found, ManifestError):
        return
    ids = [entry.id for _, entry in found]
    assert len(set(ids)) == len(ids)
    assert all(is_valid_id(id_) for id_ in ids)
    for file, entry in found:
        assert not check_template(entry.path)
        assert entry.position.line >= 1
        assert entry.position.column >= 1
        assert file.storage.strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@given(st.binary(max_size=400))
@example(b"\xed\xa0\x80")
@example(b'a: "\\ud800"')
def test_fuzz_any_bytes(folder: Path, data: bytes) -> None:
    check(attempt(data, folder))


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=3)), max_size=40))
def test_fuzz_any_words_of_a_manifest(folder: Path, words: list[str]) -> None:
    check(attempt("".join(words).encode(errors="surrogatepass"), folder))


@given(st.data())
def test_fuzz_a_good_manifest_with_cuts_and_insertions(folder: Path, data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.sampled_from(["", *WORDS])) + text[at + cut :]
    check(attempt(text.encode(), folder))


TEXTS = st.one_of(st.sampled_from(["", "clx7", "no", "1e5", "a/../b", "{id}", "{id}.wav", "30%", "s3://u:p@h", "${A}",
                                   "deleted", "confirm", "failed", "x\n", "\0", "../x"]), st.text(max_size=8))  # fmt: skip
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans(), st.none(), st.floats()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def some(**fields: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """A mapping with some of these keys, or any value in its place."""
    return st.one_of(st.fixed_dictionaries({}, optional=fields), st.fixed_dictionaries(fields), VALUES)


MANIFESTS = some(
    version=st.one_of(st.just(1), VALUES),
    storage=st.one_of(TEXTS, VALUES),
    storage_options=some(region=TEXTS, key=VALUES),
    path=st.one_of(TEXTS, VALUES),
    state=st.one_of(st.sampled_from(["downloaded", "deleted", "archived"]), VALUES),
    policy=some(deletes=VALUES, max_deletes=VALUES, durable_storage=VALUES),
    notify=st.one_of(
        st.lists(some(url=TEXTS, on=st.lists(TEXTS, max_size=2), options=VALUES), max_size=2), VALUES
    ),
    projects=st.one_of(st.lists(some(id=TEXTS, state=TEXTS, path=TEXTS), max_size=4), VALUES),
)


@given(MANIFESTS)
def test_fuzz_any_values_under_the_known_keys(folder: Path, manifest: object) -> None:
    check(attempt(yaml.safe_dump(manifest, allow_unicode=True).encode(errors="surrogatepass"), folder))


def test_ten_thousand_projects_load_in_well_under_a_second(folder: Path) -> None:
    file = folder / "many.yaml"
    lines = "".join(f"  - {{id: clx{number:08d}, state: archived}}\n" for number in range(10_000))
    file.write_text(f"version: 1\nprojects:\n{lines}")
    start = time.process_time()
    assert len(load([file]).ids) == 10_000
    # A third of a second on the slowest machine that was tried; the rest is room for a busy one.
    assert time.process_time() - start < 2
