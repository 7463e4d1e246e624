"""A storage that several files share is opened, locked and closed once, however each of them names it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mhsync import MhsyncError, hookimpl
from mhsync.core.manifest import Manifest, ManifestFile
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.storages import opened
from mhsync.storage.local import LocalStorage


def manifest(folder: Path, *storages: str) -> Manifest:
    return Manifest(tuple(ManifestFile(f"{n}.yaml", str(folder), "", where) for n, where in enumerate(storages)))


def test_a_folder_is_one_storage_under_all_its_names(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "link").symlink_to("a b")
    names = [
        "a b",
        "./a b/",
        f"{tmp_path}/a b",
        f"file://{tmp_path}/a%20b",
        f"FILE://localhost{tmp_path}/a%20b",
        "link",
    ]
    waits: list[str] = []
    with opened(Hooks.load(enabled=False), manifest(tmp_path, *names)) as storages:
        assert len(storages.by_location) == 1
        with storages.locked(0, waits.append, lambda: False, time.monotonic):
            assert waits == []


def test_two_folders_are_two_storages(tmp_path: Path) -> None:
    with opened(Hooks.load(enabled=False), manifest(tmp_path, "a", f"file://{tmp_path}/b")) as storages:
        assert len(storages.by_location) == 2


@pytest.mark.parametrize("storage", ["nul\0", "file:///nul%00", "loop"])
def test_a_folder_that_cannot_be_is_told_in_our_own_words(tmp_path: Path, storage: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(MhsyncError), opened(Hooks.load(enabled=False), manifest(tmp_path, storage)) as storages:
        list(storages.of(manifest(tmp_path, storage).files[0]).list())


def test_what_was_opened_is_closed_even_when_the_next_cannot_be(tmp_path: Path) -> None:
    closed: list[str] = []

    class Closing(LocalStorage):
        def close(self) -> None:
            closed.append(self.folder.name)

    def factory(url: str, options: Mapping[str, Any]) -> LocalStorage:
        if "bad" in url:
            raise RuntimeError
        return Closing(tmp_path / url.rpartition("/")[2])

    plugin = SimpleNamespace(mhsync_storage_schemes=hookimpl(lambda: {"mine": factory}))
    with (
        pytest.raises(Exception, match="RuntimeError"),
        opened(Hooks.of(mine=plugin), manifest(tmp_path, "mine://one", "mine://two", "mine://bad")),
    ):
        pass
    assert closed == ["two", "one"]
