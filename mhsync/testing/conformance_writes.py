"""Conformance of writes: what is read back, and that a write becomes visible as a whole or not at all."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mhsync.storage.base import Storage
from mhsync.testing.conformance_setup import ConformanceSetup
from mhsync.testing.content import CHUNK, Unexpected, content, get, paths, put
from mhsync.testing.opener import Opener


class WriteConformance(ConformanceSetup):
    """A written file is read back. A failed, killed or concurrent write leaves no partial file."""

    # Reading back

    def test_a_new_storage_is_empty(self, storage: Storage) -> None:
        assert paths(storage) == []
        assert storage.stat("a.wav") is None

    @pytest.mark.parametrize("size", [0, 1, 100_000])
    def test_what_is_written_is_read_back(self, storage: Storage, size: int) -> None:
        put(storage, "clx1/output.wav", content(size))
        assert get(storage, "clx1/output.wav") == content(size)
        info = storage.stat("clx1/output.wav")
        assert info is not None
        assert (info.path, info.size) == ("clx1/output.wav", size)
        assert [(info.path, info.size) for info in storage.list()] == [("clx1/output.wav", size)]

    def test_a_file_of_several_requests_is_read_back(self, storage: Storage) -> None:
        put(storage, "large.wav", content(self.large))
        info = storage.stat("large.wav")
        assert info is not None
        assert info.size == self.large
        assert hashlib.sha256(get(storage, "large.wav")).digest() == hashlib.sha256(content(self.large)).digest()

    def test_writes_of_any_length_join(self, storage: Storage) -> None:
        with storage.write("a.wav") as writer:
            for part in (b"", b"one", b"", content(CHUNK + 1), b"two"):
                writer.write(part)
        assert get(storage, "a.wav") == b"one" + content(CHUNK + 1) + b"two"

    def test_a_reader_reads_in_parts_and_begins_at_the_start(self, storage: Storage) -> None:
        put(storage, "a.wav", content(1000))
        with storage.open("a.wav") as first, storage.open("a.wav") as second:
            assert first.read(10) == content(1000)[:10]
            assert second.read(5) == content(1000)[:5]
            assert first.read() == content(1000)[10:]
            assert first.read(1) == b""

    def test_it_outlives_the_object_it_was_written_through(self, storage: Storage, opener: Opener) -> None:
        put(storage, "a.wav", b"kept")
        again = opener.open()
        assert get(again, "a.wav") == b"kept"
        again.close()

    def test_a_second_write_replaces_the_first(self, storage: Storage) -> None:
        put(storage, "a.wav", b"first, and longer")
        put(storage, "a.wav", b"second")
        assert get(storage, "a.wav") == b"second"
        assert paths(storage) == ["a.wav"]

    # Whole or nothing

    def test_nothing_is_visible_before_the_block_ends(self, storage: Storage) -> None:
        with storage.write("a.wav") as writer:
            writer.write(content(CHUNK))
            assert storage.stat("a.wav") is None
            assert paths(storage) == []
        assert paths(storage) == ["a.wav"]

    @pytest.mark.parametrize("size", [0, 1, 100_000])
    def test_an_exception_leaves_nothing(self, storage: Storage, size: int) -> None:
        with pytest.raises(Unexpected), storage.write("a/b.wav") as writer:
            writer.write(content(size))
            raise Unexpected
        assert storage.stat("a/b.wav") is None
        assert paths(storage) == []

    def test_an_exception_in_a_large_write_leaves_nothing(self, storage: Storage) -> None:
        with pytest.raises(Unexpected), storage.write("a.wav") as writer:
            for _ in range(0, self.large, CHUNK):
                writer.write(bytes(CHUNK))
            raise Unexpected
        assert storage.stat("a.wav") is None
        assert paths(storage) == []

    def test_an_exception_leaves_what_was_there(self, storage: Storage) -> None:
        put(storage, "a.wav", b"before")
        with pytest.raises(Unexpected), storage.write("a.wav") as writer:
            writer.write(content(CHUNK))
            raise Unexpected
        assert get(storage, "a.wav") == b"before"

    def test_a_kill_in_the_middle_of_a_write_leaves_nothing(self, storage: Storage, opener: Opener) -> None:
        with opener.writing("a.wav", before=self.large) as process:
            process.kill()
            process.wait()
        assert storage.stat("a.wav") is None
        assert paths(storage) == []
        storage.sweep()
        put(storage, "a.wav", b"after")
        assert get(storage, "a.wav") == b"after"

    def test_a_kill_in_the_middle_of_a_write_leaves_what_was_there(self, storage: Storage, opener: Opener) -> None:
        put(storage, "a.wav", b"before")
        with opener.writing("a.wav", before=100_000) as process:
            process.kill()
            process.wait()
        assert get(storage, "a.wav") == b"before"
        storage.sweep()
        assert get(storage, "a.wav") == b"before"
        assert paths(storage) == ["a.wav"]

    def test_a_kill_at_any_moment_leaves_a_whole_file(self, storage: Storage, opener: Opener) -> None:
        for number in range(self.kills):
            with opener.writing("a.wav", for_ever=True, size=1_000_000) as process:
                time.sleep(0.05 * number / self.kills)
                process.kill()
                process.wait()
            data = get(storage, "a.wav")
            assert data == data[:1] * 1_000_000

    def test_of_two_writers_of_one_path_one_wins_whole(self, storage: Storage) -> None:
        both_inside, second_ended = threading.Barrier(2), threading.Event()

        def write(data: bytes, *, is_first: bool) -> None:
            with storage.write("a.wav") as writer:
                writer.write(data[:1000])
                both_inside.wait(60)
                if is_first:
                    assert second_ended.wait(60)
                writer.write(data[1000:])
            second_ended.set()

        candidates = [content(200_000, "one"), content(300_000, "two")]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda data: write(data, is_first=data is candidates[0]), candidates))
        assert get(storage, "a.wav") in candidates
        assert paths(storage) == ["a.wav"]
