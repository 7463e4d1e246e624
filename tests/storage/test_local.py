"""Promises of a folder beyond those of any storage: it flushes to disk, follows no links, reports clear errors."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mhsync.errors import StorageError, StorageNotFound, StorageUnavailable
from mhsync.fileio.early_flush import EarlyFlush
from mhsync.storage import files
from mhsync.storage.base import LocalWriter
from mhsync.storage.local import LocalStorage
from mhsync.testing.content import get, paths, put
from tests.storage.conftest import as_unprivileged_user, names_in, on_disk, open_descriptors


class TestLookingChangesNothing:
    def test_no_folder_is_made(self, storage: LocalStorage) -> None:
        assert paths(storage) == []
        assert storage.stat("a.wav") is None
        with pytest.raises(StorageNotFound):
            storage.open("a.wav")
        with pytest.raises(StorageNotFound):
            storage.copy("a.wav", "b.wav")
        storage.remove("a.wav")
        storage.sweep()
        assert not storage.folder.exists()

    def test_no_private_folder_is_made(self, storage: LocalStorage) -> None:
        storage.folder.mkdir()
        (storage.folder / "a.wav").write_bytes(b"x")
        assert paths(storage) == ["a.wav"]
        assert get(storage, "a.wav") == b"x"
        storage.sweep()
        assert on_disk(storage) == ["a.wav"]


class TestWriting:
    def test_the_bytes_are_a_local_file_until_they_are_published(self, storage: LocalStorage) -> None:
        with storage.write("one/output.wav") as writer:
            assert isinstance(writer, LocalWriter)
            writer.write(b"half")
            writer.flush()
            assert writer.local_path.read_bytes() == b"half"
            assert writer.local_path.parent == storage.folder / ".mhsync" / "tmp"
            assert writer.local_path.suffix == ".wav"
        assert not writer.local_path.exists()

    @pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs the names of open files: /proc/self/fd")
    def test_it_is_flushed_to_disk_before_it_is_renamed_and_its_folder_after(
        self, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(storage, "old.wav", b"x")
        calls: list[str] = []
        fsync, replace = os.fsync, os.replace

        def fsync_seen(descriptor: int) -> None:
            calls.append(
                "fsync " + os.path.relpath(Path(f"/proc/self/fd/{descriptor}").readlink(), storage.folder)
            )
            fsync(descriptor)

        def replace_seen(old: str, new: str, **where: int) -> None:
            calls.append("rename")
            replace(old, new, **where)

        monkeypatch.setattr(os, "fsync", fsync_seen)
        monkeypatch.setattr(os, "replace", replace_seen)
        with storage.write("a/b/c.wav") as writer:
            writer.write(b"x")
            temporary = writer.local_path.name
        assert calls == [f"fsync .mhsync/tmp/{temporary}", "rename", "fsync a/b", "fsync a", "fsync ."]

    def test_a_file_that_was_there_is_flushed_with_its_folders(
        self, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (storage.folder / "a/b").mkdir(parents=True)
        (storage.folder / "a/b/c.wav").write_bytes(b"x")
        flushed: list[str] = []
        fsync = os.fsync

        def fsync_seen(descriptor: int) -> None:
            flushed.append(
                os.path.relpath(Path(f"/proc/self/fd/{descriptor}").readlink(), storage.folder.resolve())
            )
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", fsync_seen)
        storage.flush("a/b/c.wav")
        assert flushed == ["a/b/c.wav", "a/b", "a", "."]

    def test_no_folder_is_made_before_the_file_is_whole(self, storage: LocalStorage) -> None:
        with storage.write("a/b/c.wav") as writer:
            writer.write(b"x")
            assert on_disk(storage)[:2] == [".mhsync", ".mhsync/tmp"]
            assert not (storage.folder / "a").exists()
        assert (storage.folder / "a/b/c.wav").read_bytes() == b"x"

    @pytest.mark.parametrize("path", ["a", "a/b/c/d.wav"])
    def test_a_blocked_path_is_reported_before_the_first_byte(self, storage: LocalStorage, path: str) -> None:
        put(storage, "a/b/c", b"x")
        with pytest.raises(StorageError, match="is (at this path|in the place)"), storage.write(path):
            pytest.fail("the block must not begin")

    def test_its_mode_follows_the_umask(self, storage: LocalStorage) -> None:
        before = os.umask(0o027)
        try:
            put(storage, "a.wav", b"x")
        finally:
            os.umask(before)
        assert stat.S_IMODE((storage.folder / "a.wav").stat().st_mode) == 0o640

    def test_an_exception_leaves_neither_a_temporary_file_nor_new_folders(self, storage: LocalStorage) -> None:
        put(storage, "kept/a.wav", b"x")
        for path in ("new/folder/b.wav", "kept/b.wav"):
            with pytest.raises(KeyError), storage.write(path) as writer:
                writer.write(b"x")
                raise KeyError
        assert on_disk(storage) == [".mhsync", ".mhsync/tmp", "kept", "kept/a.wav"]

    def test_an_error_of_the_block_is_not_reported_as_an_error_of_the_disk(self, storage: LocalStorage) -> None:
        with pytest.raises(ConnectionResetError), storage.write("a.wav"):
            raise ConnectionResetError

    def test_a_temporary_file_that_another_program_removed_is_an_error(self, storage: LocalStorage) -> None:
        with pytest.raises(StorageError, match="disappeared"), storage.write("a.wav") as writer:
            writer.local_path.unlink()
        assert paths(storage) == []

    def test_a_rename_succeeds_while_another_program_removes_empty_folders(self, storage: LocalStorage) -> None:
        rounds = 60

        def come_and_go(name: str) -> None:
            for _ in range(rounds):
                put(storage, f"shared/deep/{name}", b"x")
                assert storage.stat(f"shared/deep/{name}") is not None
                storage.remove(f"shared/deep/{name}")

        failures: list[BaseException] = []

        def safely(name: str) -> None:
            try:
                come_and_go(name)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=safely, args=(name,)) for name in ("a.wav", "b.wav", "c.wav")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert paths(storage) == []


class TestLinks:
    @pytest.fixture
    def outside(self, tmp_path: Path, storage: LocalStorage) -> Path:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret.wav").write_bytes(b"secret")
        put(storage, "real.wav", b"real")
        (storage.folder / "folder").symlink_to(outside)
        (storage.folder / "file.wav").symlink_to(outside / "secret.wav")
        (storage.folder / "dangling.wav").symlink_to(outside / "none.wav")
        (storage.folder / "inside.wav").symlink_to("real.wav")
        return outside

    def test_a_listing_leaves_them_out(self, storage: LocalStorage, outside: Path) -> None:
        assert paths(storage) == ["real.wav"]
        assert paths(storage, "folder/") == []

    @pytest.mark.parametrize("path", ["folder/secret.wav", "file.wav", "dangling.wav", "inside.wav"])
    def test_nothing_is_read_written_copied_or_removed_through_them(
        self, storage: LocalStorage, outside: Path, path: str
    ) -> None:
        attempts: list[Callable[[], object]] = [
            lambda: storage.stat(path),
            lambda: storage.open(path),
            lambda: put(storage, path, b"changed"),
            lambda: storage.copy(path, "elsewhere.wav"),
            lambda: storage.copy("real.wav", path),
            lambda: storage.remove(path),
        ]
        for attempt in attempts:
            with pytest.raises(StorageError, match="symbolic link") as refused:
                attempt()
            assert not isinstance(refused.value, StorageNotFound)
            assert refused.value.hint
        assert (outside / "secret.wav").read_bytes() == b"secret"
        assert names_in(outside) == ["secret.wav"]
        assert (storage.folder / path).exists() or path == "dangling.wav"
        assert get(storage, "real.wav") == b"real"

    def test_a_private_folder_elsewhere_is_not_written_to(self, storage: LocalStorage, outside: Path) -> None:
        (storage.folder / ".mhsync" / "tmp").rmdir()
        (storage.folder / ".mhsync" / "tmp").symlink_to(outside)
        for attempt in (lambda: put(storage, "a.wav", b"x"), storage.sweep):
            with pytest.raises(StorageError, match="symbolic link"):
                attempt()
        assert names_in(outside) == ["secret.wav"]

    def test_the_folder_itself_may_be_one(self, tmp_path: Path) -> None:
        (tmp_path / "disk").mkdir()
        (tmp_path / "outputs").symlink_to("disk")
        put(LocalStorage(tmp_path / "outputs"), "a.wav", b"x")
        assert (tmp_path / "disk" / "a.wav").read_bytes() == b"x"

    def test_a_folder_that_is_a_link_to_a_missing_one_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "outputs").symlink_to("unmounted")
        for attempt in (paths, lambda storage: put(storage, "a.wav", b"x")):
            with pytest.raises(StorageUnavailable, match="it is a link to a missing folder"):
                attempt(LocalStorage(tmp_path / "outputs"))


class TestBlockedPaths:
    def test_a_file_where_the_folder_must_be(self, tmp_path: Path) -> None:
        (tmp_path / "outputs").write_bytes(b"x")
        storage = LocalStorage(tmp_path / "outputs")
        attempts: list[Callable[[], object]] = [
            lambda: paths(storage),
            lambda: storage.stat("a.wav"),
            lambda: put(storage, "a.wav", b"x"),
            lambda: storage.lock().__enter__(),
        ]
        for attempt in attempts:
            with pytest.raises(StorageUnavailable, match="a file is in the place of a folder"):
                attempt()

    def test_a_file_above_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"x")
        with pytest.raises(StorageUnavailable):
            put(LocalStorage(tmp_path / "file" / "outputs"), "a.wav", b"x")

    def test_a_file_where_a_folder_must_be(self, storage: LocalStorage) -> None:
        put(storage, "one", b"x")
        with pytest.raises(StorageError, match="a file is in the place of a folder") as refused:
            put(storage, "one/output.wav", b"x")
        assert str(storage.folder / "one" / "output.wav") in refused.value.message
        assert storage.stat("one/output.wav") is None

    def test_a_folder_where_a_file_must_be(self, storage: LocalStorage) -> None:
        put(storage, "one/output.wav", b"x")
        put(storage, "two.wav", b"x")
        with pytest.raises(StorageError, match="a folder is at this path"):
            put(storage, "one", b"x")
        with pytest.raises(StorageError, match="a folder is at this path"):
            storage.copy("two.wav", "one")
        assert paths(storage) == ["one/output.wav", "two.wav"]

    def test_it_is_reported_before_anything_is_fetched(self, storage: LocalStorage) -> None:
        put(storage, "one/output.wav", b"x")
        entered = False
        with pytest.raises(StorageError), storage.write("one"):
            entered = True
        assert not entered

    @pytest.mark.parametrize("path", ["n" * 256, "f" * 256 + "/a.wav", "ü" * 128], ids=["name", "folder", "bytes"])
    def test_a_name_that_is_too_long(self, storage: LocalStorage, path: str) -> None:
        with pytest.raises(StorageError, match="the name is too long"):
            put(storage, path, b"x")
        with pytest.raises(StorageError, match="the name is too long"):
            storage.stat(path)
        assert paths(storage) == []

    def test_a_name_that_no_file_system_can_store(self, storage: LocalStorage) -> None:
        with pytest.raises(StorageError, match=r"cannot store this name: \\ud800") as refused:
            put(storage, "\ud800.wav", b"x")
        assert refused.value.message.isprintable()

    def test_a_folder_that_may_not_be_written(self, shared: LocalStorage) -> None:
        with as_unprivileged_user(), pytest.raises(StorageError, match="permission denied") as refused:
            shared.folder.chmod(0o555) if os.geteuid() == shared.folder.stat().st_uid else None
            put(shared, "a.wav", b"x")
        assert refused.value.hint

    def test_a_named_pipe_is_not_a_file(self, storage: LocalStorage) -> None:
        storage.folder.mkdir()
        os.mkfifo(storage.folder / "pipe.wav")
        assert paths(storage) == []
        for attempt in (storage.stat, storage.open, storage.remove, lambda path: put(storage, path, b"x")):
            with pytest.raises(StorageError):
                attempt("pipe.wav")
        assert stat.S_ISFIFO((storage.folder / "pipe.wav").stat().st_mode)

    @pytest.mark.parametrize("path", [".mhsync/lock", ".mhsync/tmp", ".mhsync/tmp/a.wav"])
    def test_a_path_of_unfinished_files_is_reserved(self, storage: LocalStorage, path: str) -> None:
        put(storage, "a.wav", b"x")
        for attempt in (lambda: put(storage, path, b"x"), lambda: storage.copy("a.wav", path)):
            with pytest.raises(StorageError, match="the path is reserved"):
                attempt()
        assert paths(storage) == ["a.wav"]


class TestFailingDisk:
    def test_a_full_disk_leaves_nothing_half_written(
        self, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(storage, "a.wav", b"before")
        with pytest.raises(StorageError, match="the disk is full") as refused, storage.write("a.wav") as writer:
            writer.write(b"first part")
            monkeypatch.setattr(os, "write", _no_space)
            writer.write(b"second part")
        monkeypatch.undo()
        assert refused.value.hint == "free some space there, then run it again"
        assert get(storage, "a.wav") == b"before"
        assert on_disk(storage) == [".mhsync", ".mhsync/tmp", "a.wav"]

    def test_a_disk_that_is_found_full_when_flushing_leaves_nothing(
        self, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(StorageError, match="the disk is full"), storage.write("a.wav") as writer:
            writer.write(b"x")
            monkeypatch.setattr(os, "fsync", _no_space)
        monkeypatch.undo()
        assert on_disk(storage) == [".mhsync", ".mhsync/tmp"]

    def test_an_error_of_a_flush_during_the_write_is_not_lost(
        self, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "EarlyFlush", partial(EarlyFlush, step=4, flush=_no_space))
        with pytest.raises(StorageError, match="the disk is full"), storage.write("a.wav") as writer:
            writer.write(b"whole")
        assert on_disk(storage) == [".mhsync", ".mhsync/tmp"]

    def test_a_limit_of_the_system_is_reported(self, storage: LocalStorage) -> None:
        program = (
            "import resource, sys\n"
            "from mhsync.storage.local import LocalStorage\n"
            "from mhsync.errors import StorageError\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
            "try:\n"
            "    with LocalStorage(sys.argv[1]).write('a.wav') as writer: writer.write(bytes(5000))\n"
            "except StorageError as error: print(error.message)\n"
        )
        run = subprocess.run(
            [sys.executable, "-c", program, str(storage.folder)], capture_output=True, text=True, check=True
        )
        assert (
            run.stdout == f"cannot write {storage.folder / 'a.wav'}: the file is larger than the system allows\n"
        )
        assert on_disk(storage) == [".mhsync", ".mhsync/tmp"]

    @pytest.mark.skipif(
        not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read: /proc/self/mem"
    )
    @pytest.mark.parametrize("read", [lambda reader: reader.read(), lambda reader: reader.read(10)])
    def test_a_file_that_cannot_be_read_is_reported(self, read: Callable[[object], bytes]) -> None:
        with LocalStorage("/proc/self").open("mem") as reader, pytest.raises(StorageError, match="cannot read"):
            read(reader)


class TestCopyingAndRemoving:
    def test_empty_folders_are_removed_too(self, storage: LocalStorage) -> None:
        put(storage, "a/b/one.wav", b"x")
        put(storage, "a/two.wav", b"x")
        storage.remove("a/b/one.wav")
        storage.copy("a/two.wav", "c/two.wav")
        storage.remove("a/two.wav")
        assert on_disk(storage) == [".mhsync", ".mhsync/tmp", "c", "c/two.wav"]

    def test_outer_folders_are_removed_too_if_the_inner_ones_were_never_made(self, storage: LocalStorage) -> None:
        """As after a kill between the making of two folders."""
        put(storage, "kept.wav", b"kept")
        (storage.folder / "x" / "y").mkdir(parents=True)
        storage.remove("x/y/a/1.wav")
        assert not (storage.folder / "x").exists()

    def test_folders_of_a_missing_file_are_removed_too(self, storage: LocalStorage) -> None:
        (storage.folder / "a/b").mkdir(parents=True)
        storage.remove("a/b/one.wav")
        assert on_disk(storage) == []

    def test_the_storage_folder_and_its_private_folder_are_kept(self, storage: LocalStorage) -> None:
        put(storage, "a.wav", b"x")
        put(storage, ".mhsync/receipts/one.json", b"x")
        storage.remove("a.wav")
        storage.remove(".mhsync/receipts/one.json")
        assert on_disk(storage) == [".mhsync", ".mhsync/receipts", ".mhsync/tmp"]

    def test_a_folder_that_is_not_empty_is_kept(self, storage: LocalStorage) -> None:
        put(storage, "a/b/one.wav", b"x")
        (storage.folder / "a" / "empty").mkdir()
        storage.remove("a/b/one.wav")
        assert on_disk(storage) == [".mhsync", ".mhsync/tmp", "a", "a/empty"]

    def test_a_copy_onto_another_link_of_the_file_is_a_file_of_its_own(self, storage: LocalStorage) -> None:
        put(storage, "a.wav", b"x")
        os.link(storage.folder / "a.wav", storage.folder / "b.wav")
        storage.copy("a.wav", "b.wav")
        put(storage, "a.wav", b"y")
        assert get(storage, "b.wav") == b"x"

    def test_a_replaced_file_s_other_links_keep_their_bytes(self, storage: LocalStorage, tmp_path: Path) -> None:
        put(storage, "a.wav", b"before")
        os.link(storage.folder / "a.wav", tmp_path / "copy.wav")
        put(storage, "a.wav", b"after")
        assert (tmp_path / "copy.wav").read_bytes() == b"before"


class TestSweeping:
    def test_only_unfinished_files_are_removed(self, storage: LocalStorage) -> None:
        put(storage, "a.wav", b"x")
        put(storage, ".mhsync/receipts/one.json", b"x")
        unfinished = storage.folder / ".mhsync" / "tmp"
        (unfinished / "123-left.wav").write_bytes(b"half")
        (unfinished / "folder").mkdir()
        storage.sweep()
        assert names_in(unfinished) == ["folder"]
        assert paths(storage) == [".mhsync/receipts/one.json", "a.wav"]


def test_no_descriptor_stays_open(storage: LocalStorage) -> None:
    before = open_descriptors()
    for path in ("a/b.wav", "a/c.wav"):
        put(storage, path, b"x")
        get(storage, path)
    storage.copy("a/b.wav", "d/e.wav")
    next(storage.list())
    with storage.lock():
        storage.remove("a/c.wav")
    for attempt in (lambda: put(storage, "d/e.wav/f", b"x"), lambda: storage.open("none.wav")):
        with pytest.raises(StorageError):
            attempt()
    assert open_descriptors() == before


def _no_space(*_: object) -> int:
    raise OSError(28, "No space left on device")


class TestHardLinks:
    def test_a_link_replaces_what_was_there_and_leaves_no_temporary_name(self, tmp_path: Path) -> None:
        source, target = LocalStorage(tmp_path / "a"), LocalStorage(tmp_path / "b")
        put(source, "x/y.wav", b"bytes")
        put(target, "z/y.wav", b"old")
        file = source.local_file("x/y.wav")
        assert file is not None
        for _ in range(2):  # The second time both names are the same file already.
            target.link(file, "z/y.wav")
            assert (tmp_path / "b/z/y.wav").samefile(file)
            assert list((tmp_path / "b/.mhsync/tmp").iterdir()) == []
        put(target, "z/y.wav", b"new")
        assert get(source, "x/y.wav") == b"bytes"
        assert source.local_file("x/missing.wav") is None

    def test_a_link_in_the_path_is_not_followed(self, tmp_path: Path) -> None:
        source, target = LocalStorage(tmp_path / "a"), LocalStorage(tmp_path / "b")
        put(source, "y.wav", b"bytes")
        (tmp_path / "outside").mkdir()
        (tmp_path / "b").mkdir()
        (tmp_path / "b/z").symlink_to(tmp_path / "outside")
        with pytest.raises(StorageError):
            target.link(tmp_path / "a/y.wav", "z/y.wav")
        assert list((tmp_path / "outside").iterdir()) == []
        assert list((tmp_path / "b/.mhsync/tmp").iterdir()) == []
