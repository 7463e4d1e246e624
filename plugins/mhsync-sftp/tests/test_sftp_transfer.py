"""Bytes on their way: every answer is looked at, and a file that did not arrive whole is never seen."""

from __future__ import annotations

import pytest

from mhsync import StorageError, StorageNotFound
from mhsync.testing.content import content, get, paths, put


@pytest.mark.parametrize("bound", [0, 50_000, 4_999_999])
def test_a_refused_write_is_an_error_and_leaves_what_was_there(place, bound: int) -> None:
    """As on a full disk; the last of the answers counts as much as the first."""
    storage = place.opener.open()
    put(storage, "a.wav", b"before")
    place.behaviour.refuse_writes_after = bound
    with pytest.raises(StorageError, match=r"cannot write sftp://.*a\.wav: the server says") as caught:
        put(storage, "a.wav", content(5_000_000))
    assert "room" in caught.value.hint
    place.behaviour.refuse_writes_after = None
    assert get(storage, "a.wav") == b"before"
    assert paths(storage) == ["a.wav"]
    assert list((place.folder / ".mhsync/tmp").iterdir()) == []
    storage.close()


def test_bytes_that_the_server_only_says_it_took_are_found_missing(place) -> None:
    storage = place.opener.open()
    place.behaviour.drop_writes_after = 100_000
    with pytest.raises(StorageError, match="of 300000 bytes .* arrived"):
        put(storage, "a.wav", content(300_000))
    assert paths(storage) == []
    storage.close()


def test_short_answers_are_asked_on_for(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", content(400_000))
    place.behaviour.short_reads = 1000
    assert get(storage, "a.wav") == content(400_000)
    storage.close()


def test_a_file_that_ends_before_its_size_is_an_error(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", content(400_000))
    place.behaviour.ends_early = 300_000
    with pytest.raises(StorageError, match="it ended after 300000 of 400000 bytes"):
        get(storage, "a.wav")
    storage.close()


def test_a_file_is_flushed_to_disk_before_it_is_seen_where_the_server_can(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", content(100_000))
    order = [operation for operation, _ in place.behaviour.log if operation in ("write", "fsync", "replace")]
    assert order[-2:] == ["fsync", "replace"]
    assert set(order[:-2]) == {"write"}
    storage.close()


def test_reading_a_little_asks_for_little(place) -> None:
    storage = place.opener.open()
    put(storage, "a.json", b"{}")
    place.behaviour.log.clear()
    assert get(storage, "a.json") == b"{}"
    assert place.behaviour.asked("read") == 1
    storage.close()


def test_a_reader_that_is_given_up_half_way_spoils_nothing(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", content(3_000_000))
    for _ in range(10):
        with storage.open("a.wav") as reader:
            reader.read(1)
        assert storage.stat("a.wav") is not None
    assert get(storage, "a.wav") == content(3_000_000)
    assert len(place.server.transports) == 1
    storage.close()


def test_a_link_in_the_way_is_refused_and_not_followed(place, tmp_path) -> None:
    storage = place.opener.open()
    put(storage, "real/a.wav", b"x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.wav").write_bytes(b"theirs")
    (place.folder / "folder").symlink_to(outside)
    (place.folder / "file.wav").symlink_to(outside / "b.wav")
    for path in ("folder/b.wav", "folder/new.wav", "file.wav"):
        for doing in (storage.stat, storage.open, storage.remove, lambda path: put(storage, path, b"y")):
            with pytest.raises(StorageError, match="a symbolic link is in the way"):
                doing(path)
    with pytest.raises(StorageError, match="a symbolic link is in the way"):
        storage.copy("real/a.wav", "folder/a.wav")
    assert paths(storage) == ["real/a.wav"]
    assert paths(storage, "folder/") == []
    assert [(file.name, file.read_bytes()) for file in outside.iterdir()] == [("b.wav", b"theirs")]
    storage.close()


def test_the_folder_itself_may_be_a_link(place, tmp_path) -> None:
    (tmp_path / "elsewhere").mkdir()
    place.folder.symlink_to(tmp_path / "elsewhere")
    storage = place.opener.open()
    put(storage, "a/b.wav", b"x")
    assert paths(storage) == ["a/b.wav"]
    assert (tmp_path / "elsewhere/a/b.wav").read_bytes() == b"x"
    storage.close()


def test_a_folder_or_a_file_in_the_way_is_told_before_anything_is_written(place) -> None:
    storage = place.opener.open()
    put(storage, "folder/a.wav", b"x")
    for path, message in (("folder", "a folder stands there"), ("folder/a.wav/b.wav", "a file stands where")):
        with pytest.raises(StorageError, match=message), storage.write(path):
            pytest.fail("the block must not begin")
        with pytest.raises(StorageError, match=message):
            storage.copy("folder/a.wav", path)
    assert paths(storage) == ["folder/a.wav"]
    storage.close()


def test_folders_that_are_left_empty_go(place) -> None:
    storage = place.opener.open()
    put(storage, "a/b/c.wav", b"x")
    put(storage, "a/d.wav", b"x")
    storage.copy("a/b/c.wav", "e/f/c.wav")
    storage.remove("a/b/c.wav")
    assert sorted(path.name for path in place.folder.iterdir()) == [".mhsync", "a", "e"]
    assert [path.name for path in (place.folder / "a").iterdir()] == ["d.wav"]
    storage.remove("e/f/c.wav")
    storage.remove("a/d.wav")
    assert sorted(path.name for path in place.folder.iterdir()) == [".mhsync"]
    with pytest.raises(ValueError, match="stop"), storage.write("g/h.wav"):
        raise ValueError("stop")
    assert sorted(path.name for path in place.folder.iterdir()) == [".mhsync"]
    storage.close()


@pytest.mark.parametrize("path", [".mhsync/tmp/a", ".mhsync/locks/1"])
def test_nothing_is_written_where_locks_and_unfinished_files_lie(place, path: str) -> None:
    storage = place.opener.open()
    with pytest.raises(StorageError, match="is reserved"):
        put(storage, path, b"x")
    storage.close()


def test_a_file_removed_behind_our_back_is_not_found(place) -> None:
    storage = place.opener.open()
    with pytest.raises(StorageNotFound, match=r"there is no file sftp://127\.0\.0\.1:\d+/audio/a\.wav"):
        storage.open("a.wav")
    storage.close()
