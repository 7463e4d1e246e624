"""Texts use plain technical English: no word of `BANNED` is in a document, message, docstring, comment or test name.

`LITERAL` lists the files in which a word has its literal meaning.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

BANNED = {
    "told": "reported, printed, passed",
    "tell": "report, print, pass",
    "tells": "reports, prints, passes",
    "nobody": "no user, no plugin",
    "somebody": "a user, another program",
    "whoever": "the user who",
    "alone": "only",
    "so many": "N, the number of",
    "doomed": "to delete",
    "stranger": "another user",
    "strangers": "untracked files, others",
    "lives on": "is not deleted",
    "mend": "fix",
    "mended": "fixed",
    "makes it so": "applies the plan",
    "make it so": "apply the plan",
    "made so": "applied",
    "anew": "again",
    "its word": "what it reports",
    "at its word": "without a check",
    "on trust": "without a check",
    "sound": "valid, loadable",
    "passage": "permit, request",
    "that is none": "invalid",
    "which none may": "must not",
    "beside": "with, next to",
    "wants": "needs",
}
LITERAL: dict[str, set[str]] = {
    "plugins/mhsync-audio/pyproject.toml": {"sound"},
    "pyproject.toml": {"sound"},
    "tests/test_language.py": set(BANNED),
}
_WORDS = {word: re.compile(rf"\b{word.replace(' ', r'[ _]+')}\b", re.IGNORECASE) for word in BANNED}
_FIRST = {word: word.partition(" ")[0] for word in BANNED}
"""A text without it needs no search for the pattern, which takes longer."""
_SKIPPED = re.compile(r"(^|/)(\.[^/]*|build|dist|node_modules|[^/]*\.egg-info)(/|$)")
_SUFFIXES = {".py", ".md", ".json", ".yaml", ".toml", ".sh"}


def files() -> Iterator[Path]:
    yield from (ROOT / name for name in ("Makefile", ".ci/run", "tools/install-servers"))
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        is_data = "/golden/" in name or "/cassettes/" in name
        if path.suffix in _SUFFIXES and not _SKIPPED.search(name) and not is_data:
            yield path


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a file with their lines: all of a document; of Python only what people read."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        yield from ((1, text) for text in descriptions(json.loads(source)))
    elif path.suffix != ".py":
        # Names of tests are checked where the tests are.
        yield from enumerate(re.sub(r"`[^`\n]*::[^`\n]*`", "", source).splitlines(), 1)
    else:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.lineno, node.value
            elif isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.lower().startswith("test"):
                yield node.lineno, node.name.replace("_", " ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def descriptions(value: object) -> Iterator[str]:
    """Every `title` and `description` of a schema."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("title", "description") and isinstance(inner, str):
                yield inner
            else:
                yield from descriptions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from descriptions(inner)


def findings(path: Path) -> list[str]:
    name = path.relative_to(ROOT).as_posix()
    found = []
    for line, text in texts(path):
        lower = text.lower()
        for word, pattern in _WORDS.items():
            if _FIRST[word] in lower and word not in LITERAL.get(name, ()) and pattern.search(text):
                found.append(f"{name}:{line}: {word!r} (say: {BANNED[word]})")
    return sorted(set(found))


def test_no_text_has_a_banned_word() -> None:
    found = [finding for path in files() for finding in findings(path)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("name", LITERAL)
def test_every_exception_is_needed(name: str) -> None:
    text = "\n".join(text for _, text in texts(ROOT / name))
    assert [word for word in LITERAL[name] if not _WORDS[word].search(text)] == []
