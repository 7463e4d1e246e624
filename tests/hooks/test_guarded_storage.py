"""Whatever a storage plugin raises, and wherever it raises it, becomes one `StorageError` that names the plugin."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mhsync.core.manifest import ManifestFile
from mhsync.errors import Interrupted, StorageError, StorageNotFound
from mhsync.fileio.partial import Partial
from mhsync.hooks.guarded_storage import GuardedStorage
from mhsync.hooks.manager import Hooks
from mhsync.hooks.specs import hookimpl
from mhsync.storage.base import FileInfo, LocalWriter, Storage
from mhsync.storage.local import LocalStorage
from mhsync.testing import Opener, StorageConformance
from mhsync.testing.content import get, paths, put


class LibraryError(Exception):
    """What a library raises. Its message holds a signed URL and a line break."""

    def __init__(self) -> None:
        super().__init__("lost https://bucket.example/a?X-Signature=SECRET\nat offset 5")


def fail(*_args: object, **_kwargs: object) -> Any:
    raise LibraryError


class BrokenFile(io.RawIOBase):
    """A reader and a writer that fail at the first byte."""

    read = write = readinto = fail  # type: ignore[assignment]


class Broken(LocalStorage):
    """A folder. Methods are replaced by `fail`, one a test."""


class BreaksWhileListing(LocalStorage):
    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        yield FileInfo("a.wav", 1)
        raise LibraryError


class BreaksAtTheEndOfAWrite(LocalStorage):
    @contextmanager
    def write(self, path: str) -> Iterator[Any]:
        yield io.BytesIO()
        raise LibraryError


class BreaksWhenABlockRaises(LocalStorage):
    @contextmanager
    def write(self, path: str) -> Iterator[Any]:
        try:
            yield io.BytesIO()
        finally:
            raise LibraryError


class HidesTheException(LocalStorage):
    @contextmanager
    def write(self, path: str) -> Iterator[Any]:
        try:
            yield io.BytesIO()
        except BaseException:
            return


def write(storage: Storage) -> None:
    with storage.write("a.wav") as writer:
        writer.write(b"x")


def lock(storage: Storage) -> None:
    with storage.lock():
        pass


CALLS: dict[str, Callable[[Storage], object]] = {
    "list": lambda storage: list(storage.list()),
    "stat": lambda storage: storage.stat("a.wav"),
    "sizes": lambda storage: storage.sizes(["a.wav"]),
    "open": lambda storage: storage.open("a.wav"),
    "local_file": lambda storage: storage.local_file("a.wav"),
    "write": write,
    "copy": lambda storage: storage.copy("a.wav", "b.wav"),
    "remove": lambda storage: storage.remove("a.wav"),
    "flush": lambda storage: storage.flush("a.wav"),
    "lock": lock,
    "partials": lambda storage: storage.partials(),
    "sweep": lambda storage: storage.sweep(),
    "close": lambda storage: storage.close(),
    "__repr__": repr,
}


def assert_names_the_plugin(error: StorageError) -> None:
    assert error.message.startswith("mhsync-mine: cannot ")
    assert error.message.endswith(": LibraryError: lost https://bucket.example/a at offset 5")
    assert error.hint
    assert isinstance(error.__cause__, LibraryError)


def opened(storage: Storage) -> Storage:
    """The storage as a run gets it."""

    class Plugin:
        @hookimpl
        def mhsync_storage_schemes(self) -> dict[str, Any]:
            return {"mine": lambda url, options: storage}

    return Hooks.of(**{"mhsync-mine": Plugin()}).open_storage(ManifestFile("m.yaml", "/", "", "mine://x"))


@pytest.mark.parametrize("method", CALLS)
def test_an_exception_of_a_method_becomes_a_storage_error(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = opened(Broken(tmp_path))
    monkeypatch.setattr(Broken, method, fail)
    with pytest.raises(StorageError) as raised:
        CALLS[method](storage)
    assert_names_the_plugin(raised.value)


def test_every_method_of_the_contract_is_guarded() -> None:
    public = {name for name in vars(Storage) if not name.startswith("_")} - {"is_local", "gives_local_files"}
    assert public <= vars(GuardedStorage).keys()
    assert public <= CALLS.keys()


def test_a_listing_that_breaks_off_is_an_error_and_not_a_short_listing(tmp_path: Path) -> None:
    files = opened(BreaksWhileListing(tmp_path)).list()
    assert next(files).path == "a.wav"
    with pytest.raises(StorageError) as raised:
        next(files)
    assert_names_the_plugin(raised.value)


@pytest.mark.parametrize("value", [None, "a.wav", 5])
def test_a_listing_of_anything_but_files_is_an_error(tmp_path: Path, value: Any) -> None:
    class Lists(LocalStorage):
        def list(self, prefix: str = "") -> Iterator[FileInfo]:
            yield from (value, FileInfo("a.wav", 1))

    with pytest.raises(StorageError, match=f"got {type(value).__name__} where a FileInfo is required"):
        list(opened(Lists(tmp_path)).list())


def test_an_exception_of_a_reader_becomes_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Broken, "open", lambda self, path: BrokenFile())
    with opened(Broken(tmp_path)).open("a.wav") as reader, pytest.raises(StorageError) as raised:
        reader.read(5)
    assert_names_the_plugin(raised.value)


def test_an_exception_of_a_writer_becomes_a_storage_error(tmp_path: Path) -> None:
    class Writes(LocalStorage):
        @contextmanager
        def write(self, path: str) -> Iterator[Any]:
            yield BrokenFile()

    with pytest.raises(StorageError) as raised:
        write(opened(Writes(tmp_path)))
    assert_names_the_plugin(raised.value)


def test_an_exception_at_the_end_of_a_write_becomes_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as raised:
        write(opened(BreaksAtTheEndOfAWrite(tmp_path)))
    assert_names_the_plugin(raised.value)


@pytest.mark.parametrize("kind", [LocalStorage, BreaksWhenABlockRaises, HidesTheException])
@pytest.mark.parametrize("error", [KeyError("a bug"), KeyboardInterrupt(), Interrupted("interrupted")])
def test_the_exception_of_the_block_always_reaches_the_caller(
    tmp_path: Path, kind: type[LocalStorage], error: BaseException
) -> None:
    with pytest.raises(type(error)) as raised, opened(kind(tmp_path)).write("a.wav"):
        raise error
    assert raised.value is error


def test_an_exit_of_the_process_is_an_error_like_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = opened(Broken(tmp_path))
    monkeypatch.setattr(Broken, "stat", lambda self, path: exit(0))
    with pytest.raises(StorageError, match="mhsync-mine: cannot look at a.wav: SystemExit: 0"):
        storage.stat("a.wav")


@pytest.mark.parametrize("error", [StorageNotFound("there is no file a.wav"), KeyboardInterrupt()])
def test_errors_of_mhsync_and_an_interrupt_pass_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def raises(self: Storage, path: str) -> None:
        raise error

    storage = opened(Broken(tmp_path))
    monkeypatch.setattr(Broken, "stat", raises)
    with pytest.raises(type(error)) as raised:
        storage.stat("a.wav")
    assert raised.value is error


def test_attributes_and_local_files_are_those_of_the_storage(tmp_path: Path) -> None:
    storage = opened(LocalStorage(tmp_path))
    assert (storage.is_local, storage.gives_local_files) == (True, True)
    assert repr(storage) == repr(LocalStorage(tmp_path))
    with storage.write("a.wav") as writer:
        assert isinstance(writer, LocalWriter)
        writer.write(b"x")
        writer.flush()
        assert writer.local_path.read_bytes() == b"x"
    storage.flush("a.wav")
    assert get(storage, "a.wav") == b"x"


def test_an_interrupted_download_is_kept_and_restored(tmp_path: Path) -> None:
    storage = opened(LocalStorage(tmp_path))
    sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    partial = Partial("https://host/a.wav", '"tag"', "", 1, 2, sha256)
    partials = storage.partials()
    assert partials is not None
    keeper = partials.under("one-1")
    with pytest.raises(Interrupted), storage.write("a.wav") as writer:
        writer.write(b"x")
        assert keeper.keep(writer, partial)
        raise Interrupted("interrupted")

    def stop() -> None:
        raise KeyError("the caller's own")

    with pytest.raises(KeyError), storage.write("a.wav") as writer:
        keeper.restore(writer, partial.source, head=1, check=stop)
    with storage.write("a.wav") as writer:
        restored = keeper.restore(writer, partial.source, head=1, check=lambda: None)
        assert restored is not None
        assert restored.head == b"x"
        writer.write(b"y")
    assert get(storage, "a.wav") == b"xy"
    partials.clear_old(0, 1e12)
    partials.clear("one-1")


def guarded_folder(folder: str) -> Storage:
    return GuardedStorage("mhsync-mine", LocalStorage(folder))


class TestConformance(StorageConformance):
    """A guarded storage keeps every promise of the one inside it."""

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return Opener(f"{__name__}:guarded_folder", (str(tmp_path / "outputs"),))


def test_the_folder_is_written_through_the_guard(tmp_path: Path) -> None:
    storage = opened(LocalStorage(tmp_path))
    put(storage, "a.wav", b"x")
    assert paths(storage) == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == b"x"
