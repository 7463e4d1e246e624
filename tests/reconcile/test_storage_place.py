"""storage_place: a folder, a URL and a manifest all name a storage."""

from __future__ import annotations

import pytest

from mhsync.errors import ManifestError, UsageError
from mhsync.loader import load
from mhsync.reconcile.storage_place import find_place
from mhsync.settings import ManifestSettings

LIMITS = ManifestSettings()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs").mkdir()
    (tmp_path / "m.yaml").write_text("version: 1\nstorage: ./outputs\nprojects: [{id: a}]\n")
    (tmp_path / "other.yaml").write_text("version: 1\nstorage: ./other\nprojects: [{id: b}]\n")
    return tmp_path


def test_a_folder_a_url_and_a_manifest_of_one_storage_are_the_same_place(folder):
    places = [find_place(p, LIMITS) for p in ("outputs", folder / "outputs", "m.yaml", f"file://{folder}/outputs")]
    assert {place.location for place in places} == {str(folder / "outputs")}
    assert list(places[2].entries) == ["a"]


def test_a_folder_that_does_not_exist_yet_is_a_storage_and_a_missing_manifest_is_an_error(folder):
    assert find_place("new", LIMITS).location == str(folder / "new")
    with pytest.raises(ManifestError):
        find_place("new.yaml", LIMITS)


def test_a_folder_that_is_named_like_a_manifest_is_a_storage(folder):
    (folder / "audio.yaml").mkdir()
    assert find_place("audio.yaml", LIMITS).location == str(folder / "audio.yaml")


def test_the_name_of_a_url_has_no_secrets(folder):
    assert find_place("sftp://me:secret@host.example/a?token=x", LIMITS).name == "sftp://me@host.example/a"


def test_a_manifest_with_two_storages_names_no_single_one(folder):
    with pytest.raises(UsageError, match="2 storages"):
        find_place(load(["m.yaml", "other.yaml"], LIMITS), LIMITS)
