"""The tree of a folder is walked without following links."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from mhsync.errors import StorageError, StorageUnavailable
from mhsync.storage.local import LocalStorage
from mhsync.storage.tree import LinkInTheWay, Tree, look
from tests.storage.conftest import open_descriptors


def test_an_unsupported_system_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="this system cannot") as refused:
        Tree(tmp_path, supported=())
    assert "WSL" in (refused.value.hint or "")


def test_folders_are_made_only_when_asked(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "new")
    with pytest.raises(FileNotFoundError), tree.folder(["a"]):
        pass
    assert not tree.root.exists()
    with tree.folder(["a", "b"], make=True) as folder:
        assert os.path.samestat(os.fstat(folder), (tmp_path / "new" / "a" / "b").stat())
    with tree.folder(["a", "b"], make=True):
        pass


@pytest.mark.parametrize("parts", [["link"], ["link", "below"], ["file"], ["file", "below"]], ids="/".join)
@pytest.mark.parametrize("make", [False, True])
def test_a_file_in_place_of_a_folder_is_distinguished(tmp_path: Path, parts: list[str], make: bool) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root" / "file").touch()
    expected = LinkInTheWay if parts[0] == "link" else NotADirectoryError
    with pytest.raises(expected), Tree(tmp_path / "root").folder(parts, make=make):
        pass
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("kind", ["a named pipe", "a socket", "a device"])
@pytest.mark.parametrize("below", ["", "/below.wav"])
def test_a_special_file_is_named(tmp_path: Path, kind: str, below: str) -> None:
    storage, path = LocalStorage(tmp_path), "here" + below
    with socket.socket(socket.AF_UNIX) as listener:
        if kind == "a device":
            storage, path = LocalStorage("/dev"), "null" + below
        elif kind == "a socket":
            listener.bind(str(tmp_path / "here"))
        else:
            os.mkfifo(tmp_path / "here")
        with pytest.raises(StorageError, match=f"{kind} is there") as refused, storage.write(path):
            pytest.fail("the block must not begin")
        assert "move it away" in (refused.value.hint or "")
        with pytest.raises(StorageError, match=f"{kind} is there"):
            storage.stat(path)


def test_files_folders_and_special_files_are_distinguished(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    with Tree(tmp_path).folder([]) as folder:
        assert look(folder, "file").st_size == 3
        for name, error in (("none", FileNotFoundError), ("link", LinkInTheWay), ("pipe", OSError)):
            with pytest.raises(error):
                look(folder, name)


def test_a_folder_that_is_kept_open_is_used_only_while_its_path_leads_to_it(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    before = open_descriptors()
    with tree.keeping_open([("a", "b")]):
        with tree.shared(["a", "b"], make=True) as first:
            pass
        with tree.shared(["a", "b"]) as second:
            assert second == first
        (tmp_path / "a").rename(tmp_path / "moved")
        with pytest.raises(FileNotFoundError), tree.shared(["a", "b"]):
            pass
        (tmp_path / "a").symlink_to(tmp_path / "moved")
        with pytest.raises(LinkInTheWay), tree.shared(["a", "b"]):
            pass
        (tmp_path / "a").unlink()
        (tmp_path / "a").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "elsewhere" / "b").mkdir(parents=True)
        with pytest.raises(LinkInTheWay), tree.shared(["a", "b"]):
            pass
        (tmp_path / "a").unlink()
        with tree.shared(["a", "b"], make=True) as third:
            assert os.path.samestat(os.fstat(third), (tmp_path / "a" / "b").stat())
    assert open_descriptors() == before
