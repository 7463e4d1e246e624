"""The key `discover`: its values, and that it cannot delete."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mhsync.core.manifest import Discover, State
from mhsync.errors import ManifestError
from mhsync.loader import load


def written(folder: Path, text: str, name: str = "m.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def rule_of(path: Path) -> Discover | None:
    (file,) = load([path]).files
    return file.discover


def test_the_values(tmp_path):
    text = """version: 1
path: "{id}/a{ext}"
discover: {state: archived, types: [A, B], since: 2026-01-01}
projects: []
"""
    found = rule_of(written(tmp_path, text))
    assert found is not None
    assert (found.state, found.path, found.types) == (State.ARCHIVED, "{id}/a{ext}", ("A", "B"))
    assert found.since == datetime(2026, 1, 1, tzinfo=UTC)
    assert found.position.line == 3
    own = rule_of(
        written(tmp_path, 'version: 1\ndiscover: {state: downloaded, path: "x/{filename}"}\nprojects: []\n')
    )
    assert own is not None
    assert (own.state, own.path, own.types, own.since) == (State.DOWNLOADED, "x/{filename}", (), None)
    json = rule_of(
        written(tmp_path, '{"version": 1, "discover": {"state": "archived"}, "projects": []}', "m.json")
    )
    assert json is not None
    assert json.state is State.ARCHIVED
    assert rule_of(written(tmp_path, "version: 1\nprojects: []\n")) is None


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{state: deleted}", "unknown_value"),
        ("{state: lost}", "unknown_value"),
        ("{}", "missing_key"),
        ("{types: [A]}", "missing_key"),
        ("{state: archived, deletes: allow}", "unknown_key"),
        ("{state: archived, since: yesterday}", None),
        ("{state: archived, since: 2026-02-30}", "discover_since"),
        ('{state: archived, path: "../{id}"}', None),
        ("archived", "type"),
    ],
)
def test_no_other_rule_is_valid(tmp_path, rule, code):
    with pytest.raises(ManifestError) as caught:
        load([written(tmp_path, f"version: 1\nstate: deleted\ndiscover: {rule}\nprojects: []\n")])
    (problem,) = caught.value.problems
    assert code is None or problem.code == code
    assert problem.position.line == 3
    assert problem.hint
