"""`validate` and `apply` judge the text of a storage in the same way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mhsync.errors import ManifestError, UsageError
from mhsync.hooks.manager import Hooks
from mhsync.loader import load
from mhsync.settings import ManifestSettings

REFUSED = [
    "s3:/bucket/prefix",
    "gs:bucket",
    "sftp:/me@host/x",
    "file:/tmp/x",
    "~",
    "~/audio",
    "~me/audio",
    "s3_x://bucket",
    "file://relative/path",
    "file://",
    "file:///a?b",
    "file:///a%00b",
]
TAKEN = ["./s3:/bucket", "./~", "outputs", "a/b:c", "C:/audio", "/tmp/a:b", "./file:x"]


def manifest(folder: Path, storage: str) -> str:
    file = folder / "m.yaml"
    file.write_text(f"version: 1\nstorage: '{storage}'\nprojects: []\n")
    return str(file)


@pytest.mark.parametrize("storage", REFUSED)
def test_what_apply_refuses_validate_refuses_with_the_same_words(tmp_path: Path, storage: str) -> None:
    with pytest.raises(ManifestError) as refused:
        load([manifest(tmp_path, storage)], ManifestSettings())
    (problem,) = refused.value.problems
    assert (problem.code, problem.position.line, problem.position.column) == ("storage", 2, 10)
    (file,) = load([manifest(tmp_path, "outputs")], ManifestSettings()).files
    with pytest.raises(UsageError) as opened:
        Hooks.of().open_storage(replace(file, storage=storage))
    assert problem.message in opened.value.message
    assert opened.value.hint == problem.hint


@pytest.mark.parametrize("storage", TAKEN)
def test_a_path_is_taken_by_both(tmp_path: Path, storage: str) -> None:
    (file,) = load([manifest(tmp_path, storage)], ManifestSettings()).files
    Hooks.of().open_storage(file).close()
