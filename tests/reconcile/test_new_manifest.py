"""The starter manifest is valid, its schema is in the same folder, and git ignores its storage."""

from __future__ import annotations

import json
import subprocess

import pytest

from mhsync.errors import ManifestError, UsageError
from mhsync.loader import load
from mhsync.loader.formatting import format_text
from mhsync.reconcile.new_manifest import write_manifest


def test_the_manifest_is_valid_and_formatted_and_names_its_schema(tmp_path):
    done = write_manifest(tmp_path / "audio.yaml")
    text = done.manifest.read_text()
    assert load([done.manifest]).files[0].storage == "./outputs"
    assert format_text(text) == text
    assert text.startswith("# yaml-language-server: $schema=./mhsync.schema.json\n")
    assert json.loads((tmp_path / "mhsync.schema.json").read_text())["$id"] == "urn:mhsync:manifest:1"
    assert done.gitignore is None


def test_an_existing_manifest_is_kept(tmp_path):
    (tmp_path / "m.yaml").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        write_manifest(tmp_path / "m.yaml")
    assert (tmp_path / "m.yaml").read_text() == "mine"
    assert not (tmp_path / "mhsync.schema.json").exists()


@pytest.mark.parametrize("storage", ["s3://bucket/audio", "./a b", 'x"y', "my audio #1"])
def test_any_storage_is_written_so_that_it_is_read_back(tmp_path, storage):
    assert load([write_manifest(tmp_path / "m.yaml", storage=storage).manifest]).files[0].storage == storage


def test_an_invalid_storage_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="'~', which is not expanded"):
        write_manifest(tmp_path / "m.yaml", storage="~/audio")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("storage", "before", "after"),
    [
        ("./outputs", None, "/outputs/\n"),
        ("./outputs", "*.pyc", "*.pyc\n/outputs/\n"),
        ("./outputs", "/outputs/\n", "/outputs/\n"),
        ("a/b", None, "/a/b/\n"),
        ("s3://bucket", None, None),
        ("../../elsewhere", None, None),
        (".", None, None),
        ("..", None, None),
    ],
)
def test_git_ignores_a_storage_in_the_repository(tmp_path, storage, before, after):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    folder = tmp_path / "audio"
    folder.mkdir()
    if before is not None:
        (folder / ".gitignore").write_text(before)
    done = write_manifest(folder / "m.yaml", storage=storage)
    file = folder / ".gitignore"
    assert (file.read_text() if file.exists() else None) == after
    assert (done.gitignore is not None) == (before != after)
    if after is not None:
        ignored = ["git", "-C", folder, "check-ignore", "-q", f"{storage}/x.wav"]
        assert subprocess.run(ignored, check=False).returncode == 0


def test_git_ignores_a_storage_of_the_repository_outside_of_the_manifest_s_folder(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "audio").mkdir()
    done = write_manifest(tmp_path / "audio/m.yaml", storage="../x[1]")
    assert done.gitignore == tmp_path / ".gitignore"
    assert done.gitignore.read_text() == "/x\\[1]/\n"
    ignored = ["git", "-C", tmp_path, "check-ignore", "-q", "x[1]/a.wav"]
    assert subprocess.run(ignored, check=False).returncode == 0
    assert write_manifest(tmp_path / "audio/n.yaml", storage="../x[1]").gitignore is None


@pytest.mark.parametrize("name", ["m.json", "m.jsonl", "m", "m.txt"])
def test_only_a_name_of_yaml_is_written(tmp_path, name):
    with pytest.raises(UsageError, match="the starter manifest is YAML"):
        write_manifest(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
