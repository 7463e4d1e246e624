"""Manifest values: limits on deletes, and the entries of all files."""

from __future__ import annotations

import pytest

from mhsync.core.manifest import Limit, Manifest, ManifestFile, NotifyTarget
from tests.core.builders import entry


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("0", Limit(0)),
        ("20", Limit(20)),
        ("30%", Limit(30, is_percent=True)),
        ("100%", Limit(100, is_percent=True)),
    ],
)
def test_a_limit_is_a_count_or_a_percentage(text: str, limit: Limit):
    assert Limit.parse(text) == limit
    assert str(limit) == text


@pytest.mark.parametrize("text", ["", "%", "-1", "1.5", "101%", "1000%", "3 %", "٣", "1234567890", "ten", "²"])
def test_an_invalid_limit_is_refused(text: str):
    with pytest.raises(ValueError, match=r"neither a count nor a percentage|more than 100%"):
        Limit.parse(text)


@pytest.mark.parametrize(
    ("limit", "total", "expected"),
    [(Limit(3), 10, 3), (Limit(30, is_percent=True), 10, 3), (Limit(30, is_percent=True), 9, 2), (Limit(1, is_percent=True), 99, 0)],
)  # fmt: skip
def test_a_percentage_of_the_projects_is_rounded_down(limit: Limit, total: int, expected: int):
    assert limit.of(total) == expected


def test_a_manifest_iterates_over_the_entries_of_all_files_in_order():
    files = tuple(
        ManifestFile(f"{number}.yaml", "/folder", "", entries=tuple(entry(id) for id in ids))
        for number, ids in enumerate(("ba", "c"))
    )
    manifest = Manifest(files)
    assert [(file.file, one.id) for file, one in manifest] == [("0.yaml", "b"), ("0.yaml", "a"), ("1.yaml", "c")]
    assert manifest.ids == {"a", "b", "c"}


def test_the_url_and_the_options_of_a_notify_target_are_not_in_its_repr():
    assert "SECRET" not in repr(NotifyTarget("https://x.example/SECRET", options={"token": "SECRET"}))
