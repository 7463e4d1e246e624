"""Files that share a storage are recognised, whatever name each file uses for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhsync.core.manifest import ManifestFile
from mhsync.errors import ManifestError
from mhsync.loader import load
from mhsync.loader.storage_location import storage_location


def location(storage: str, folder: Path = Path("/w"), **options: str) -> str:
    return storage_location(ManifestFile("m.yaml", str(folder), "", storage, options))


@pytest.mark.parametrize("storage", ["kept", "./kept/", "{folder}/kept", "link", "file://{folder}/kept"])
def test_two_projects_with_one_path_in_one_folder_are_a_problem_under_all_its_names(tmp_path: Path, storage: str):
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to("kept")
    one = 'version: 1\nstorage: "{}"\nprojects: [{{id: {}, path: "intro.wav"}}]\n'
    (tmp_path / "a.yaml").write_text(one.format("./kept", "a"))
    (tmp_path / "b.yaml").write_text(one.format(storage.format(folder=tmp_path), "b"))
    with pytest.raises(ManifestError) as caught:
        load([tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert [problem.code for problem in caught.value.problems] == ["duplicate_path"]


def test_a_url_is_one_storage_with_its_options():
    assert location("s3://bucket/a/", region="eu") == location("s3://bucket/a", region="eu")
    assert location("s3://bucket/a", region="eu") != location("s3://bucket/a", region="us")
    assert location("s3://bucket/a") != location("s3://bucket/b")


def test_a_relative_path_is_of_its_own_folder(tmp_path: Path):
    assert location("kept", tmp_path / "x") != location("kept", tmp_path / "y")
    assert location("kept", tmp_path) == str(tmp_path.resolve() / "kept")
