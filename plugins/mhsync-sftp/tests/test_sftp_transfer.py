"""Transfers: every response is checked, and an incomplete file never becomes visible."""

from __future__ import annotations

import time

import pytest

from mhsync import StorageError, StorageNotFound
from mhsync.testing.content import content, get, paths, put


@pytest.mark.parametrize("bound", [0, 50_000, 4_999_999])
def test_a_refused_write_is_an_error_and_keeps_the_old_file(place, bound: int) -> None:
    """As with a full disk. The first, a later or the last write is refused."""
    storage = place.opener.open()
    put(storage, "a.wav", b"before")
    place.behaviour.refuse_writes_after = bound
    with pytest.raises(
        StorageError, match=r"cannot write sftp://.*a\.wav: the server refused the request"
    ) as caught:
        put(storage, "a.wav", content(5_000_000))
    assert "free space" in caught.value.hint
    place.behaviour.refuse_writes_after = None
    assert get(storage, "a.wav") == b"before"
    assert paths(storage) == ["a.wav"]
    assert list((place.folder / ".mhsync/tmp").iterdir()) == []
    storage.close()


def test_a_write_that_the_server_only_pretends_to_carry_out_is_an_error(place) -> None:
    storage = place.opener.open()
    place.behaviour.drop_writes_after = 100_000
    with pytest.raises(StorageError, match="the server stored 98304 of 300000 bytes"):
        put(storage, "a.wav", content(300_000))
    assert paths(storage) == []
    storage.close()


def test_the_rest_of_a_short_response_is_requested_again(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", content(400_000))
    place.behaviour.short_reads = 1000
    assert get(storage, "a.wav") == content(400_000)
    storage.close()


def test_a_file_that_ends_before_its_size_is_an_error(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", content(400_000))
    place.behaviour.ends_early = 300_000
    with pytest.raises(StorageError, match=r"cannot read sftp://.*a\.wav: 300000 of 400000 bytes were received"):
        get(storage, "a.wav")
    storage.close()


def test_a_file_is_flushed_to_disk_before_it_becomes_visible(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", content(100_000))
    order = [operation for operation, _ in place.behaviour.log if operation in ("write", "fsync", "replace")]
    assert order[-2:] == ["fsync", "replace"]
    assert set(order[:-2]) == {"write"}
    storage.close()


def test_a_small_file_is_read_with_one_request(place) -> None:
    storage = place.opener.open()
    put(storage, "a.json", b"{}")
    place.behaviour.log.clear()
    assert get(storage, "a.json") == b"{}"
    assert place.behaviour.count("read") == 1
    storage.close()


def test_a_session_can_be_used_after_a_reader_is_closed_early(place) -> None:
    storage = place.opener.open()
    put(storage, "a.wav", content(3_000_000))
    for _ in range(10):
        with storage.open("a.wav") as reader:
            reader.read(1)
        assert storage.stat("a.wav") is not None
    assert get(storage, "a.wav") == content(3_000_000)
    assert len(place.server.transports) == 1
    storage.close()


def test_a_path_through_a_link_is_refused(place, tmp_path) -> None:
    storage = place.opener.open()
    put(storage, "real/a.wav", b"x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.wav").write_bytes(b"other")
    (place.folder / "folder").symlink_to(outside)
    (place.folder / "file.wav").symlink_to(outside / "b.wav")
    for path in ("folder/b.wav", "folder/new.wav", "file.wav"):
        for operation in (storage.stat, storage.open, storage.remove, lambda path: put(storage, path, b"y")):
            with pytest.raises(StorageError, match="there is a symbolic link"):
                operation(path)
    with pytest.raises(StorageError, match="there is a symbolic link"):
        storage.copy("real/a.wav", "folder/a.wav")
    assert paths(storage) == ["real/a.wav"]
    assert paths(storage, "folder/") == []
    assert [(file.name, file.read_bytes()) for file in outside.iterdir()] == [("b.wav", b"other")]
    storage.close()


def test_the_folder_itself_may_be_a_link(place, tmp_path) -> None:
    (tmp_path / "elsewhere").mkdir()
    place.folder.symlink_to(tmp_path / "elsewhere")
    storage = place.opener.open()
    put(storage, "a/b.wav", b"x")
    assert paths(storage) == ["a/b.wav"]
    assert (tmp_path / "elsewhere/a/b.wav").read_bytes() == b"x"
    storage.close()


def test_a_path_blocked_by_a_folder_or_a_file_is_refused_before_the_write(place) -> None:
    storage = place.opener.open()
    put(storage, "folder/a.wav", b"x")
    for path, message in (
        ("folder", "there is a folder"),
        ("folder/a.wav/b.wav", "there is a file in place of a folder"),
    ):
        with pytest.raises(StorageError, match=message), storage.write(path):
            pytest.fail("the block must not begin")
        with pytest.raises(StorageError, match=message):
            storage.copy("folder/a.wav", path)
    assert paths(storage) == ["folder/a.wav"]
    storage.close()


def test_empty_folders_are_removed(place) -> None:
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
def test_the_folders_of_locks_and_temporary_files_are_reserved(place, path: str) -> None:
    storage = place.opener.open()
    with pytest.raises(StorageError, match="is reserved"):
        put(storage, path, b"x")
    storage.close()


def test_a_missing_file_is_not_found(place) -> None:
    storage = place.opener.open()
    with pytest.raises(StorageNotFound, match=r"there is no file sftp://127\.0\.0\.1:\d+/audio/a\.wav"):
        storage.open("a.wav")
    storage.close()


@pytest.mark.parametrize(
    ("limits", "read", "write"),
    [
        ((262_144, 261_120, 200_000, 0), 261_120, 200_000),
        ((2**40, 2**40, 2**40, 0), 261_120, 261_120),
        ((1024, 1024, 0, 0), 32_768, 32_768),
        (None, 32_768, 32_768),
    ],
    ids=["as announced", "our own limit", "what every server must accept", "refused"],
)
def test_requests_are_as_long_as_the_server_allows(new_place, limits, read: int, write: int) -> None:
    extensions = ("limits@openssh.com", "posix-rename@openssh.com", "fsync@openssh.com")
    place = new_place(extensions=extensions, limits=limits)
    storage = place.opener.open()
    data = content(1_500_000)
    # One write of the caller is split into pieces of equal length.
    count = -(-len(data) // write)
    with storage.write("a.wav") as writer:
        writer.write(data)
    assert get(storage, "a.wav") == data
    longest = {
        kind: max(length for operation, length in place.behaviour.lengths if operation == kind)
        for kind in ("read", "write")
    }
    assert longest == {"read": read, "write": -(-len(data) // count)}
    assert place.behaviour.count("write") == count
    storage.close()


def test_at_most_2_mib_of_a_file_are_requested_ahead(place) -> None:
    """A file of any size takes the same memory."""
    storage = place.opener.open()
    put(storage, "a.wav", content(8_000_000))
    place.behaviour.lengths.clear()
    with storage.open("a.wav") as reader:
        reader.read(1)
        time.sleep(0.5)
        # BufferedReader has taken one piece; another may be requested in its place.
        requested = sum(length for operation, length in place.behaviour.lengths if operation == "read")
        assert 0 < requested <= 2 * 1024 * 1024 + 256 * 1024
    storage.close()


def test_the_fast_cipher_is_preferred_and_another_one_is_accepted(new_place) -> None:
    for disabled, expected in ((), "aes128-gcm@openssh.com"), (("aes128-gcm@openssh.com",), "aes128-ctr"):
        place = new_place(disabled_ciphers=disabled)
        storage = place.opener.open()
        put(storage, "a.wav", content(1_000_000))
        assert get(storage, "a.wav") == content(1_000_000)
        assert {transport.local_cipher for transport in place.server.transports} == {expected}
        storage.close()


def test_the_end_of_a_write_is_sent_before_anything_waits_for_its_response(place) -> None:
    """Writes are joined to long messages. Each size here ends with a short message of its own."""
    storage = place.opener.open()
    for size in (1, 32_000, 32_704, 32_705, 100_000, 2_200_000):
        with storage.write(f"{size}.wav") as writer:
            for begin in range(0, size, 50_000):
                writer.write(content(size)[begin : begin + 50_000])
        assert get(storage, f"{size}.wav") == content(size)
        with pytest.raises(ValueError, match="stop"), storage.write("no.wav") as writer:
            writer.write(content(size))
            raise ValueError("stop")
        assert storage.stat("no.wav") is None
    storage.close()
