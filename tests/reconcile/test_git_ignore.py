"""The line for .gitignore is proposed only for a new storage in a work tree that git does not ignore."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mhsync.loader import load
from mhsync.reconcile.git_ignore import IgnoreLine, ignore_line, is_ignored, new_storages

ENVIRON = {"PATH": os.environ["PATH"]}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    top = tmp_path / "repository"
    (top / "audio").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", top], check=True)
    return top


def test_the_line_is_for_the_nearest_file_that_can_have_it(repository: Path) -> None:
    folder = repository / "audio"
    assert ignore_line(folder / "outputs", folder) == IgnoreLine(folder / ".gitignore", "/outputs/")
    assert ignore_line(repository / "x/y", folder) == IgnoreLine(repository / ".gitignore", "/x/y/")
    assert ignore_line(repository, folder) is None
    assert ignore_line(repository.parent / "x", folder) is None
    (folder / ".gitignore").write_text("/outputs/\n")
    assert ignore_line(folder / "outputs", folder) is None


def test_a_storage_in_another_repository_has_its_line_there(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "repository/audio/other"
    subprocess.run(["git", "init", "-q", other], check=True)
    found = ignore_line(other / "x", repository / "audio")
    assert found == IgnoreLine(other / ".gitignore", "/x/")


def test_git_is_asked_whether_another_pattern_ignores_the_storage(repository: Path) -> None:
    storage = repository / "audio/outputs"
    assert is_ignored(storage, ENVIRON, timeout=60) is None, "it does not exist"
    storage.mkdir()
    assert is_ignored(storage, ENVIRON, timeout=60) is False
    assert is_ignored(storage, {**ENVIRON, "GIT_DIR": "/nowhere"}, timeout=60) is False
    (repository / ".gitignore").write_text("out*\n")
    assert is_ignored(storage, ENVIRON, timeout=60) is True
    assert is_ignored(storage, {"PATH": ""}, timeout=60) is None, "git is not there"


def test_only_a_storage_without_receipts_is_new(repository: Path) -> None:
    manifest = repository / "audio/m.yaml"
    manifest.write_text("version: 1\nprojects: []\n")
    storage = repository / "audio/outputs"
    assert new_storages(load([manifest])) == [(str(storage), str(manifest.parent))]
    (storage / ".mhsync/receipts").mkdir(parents=True)
    assert new_storages(load([manifest])) == []
    manifest.write_text("version: 1\nstorage: s3://bucket\nprojects: []\n")
    assert new_storages(load([manifest])) == []
