"""The parts of fsspec that are used, with types. The only module that imports fsspec, which has no types."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import IO, Any, Protocol, cast

import fsspec  # type: ignore[import-untyped]
from fsspec.core import url_to_fs  # type: ignore[import-untyped]
from fsspec.spec import AbstractFileSystem  # type: ignore[import-untyped]


class FileSystem(Protocol):
    """One instance. Paths have the form of the file system, and methods raise its exceptions."""

    def info(self, path: str) -> Mapping[str, Any]: ...
    def ls(self, path: str, detail: bool = True) -> Iterable[Mapping[str, Any]]: ...
    def makedirs(self, path: str, exist_ok: bool = False) -> None: ...
    def put_file(self, lpath: str, rpath: str) -> None: ...
    def open(self, path: str, mode: str = "rb") -> IO[bytes]: ...
    def mv(self, path1: str, path2: str) -> None: ...
    def cp_file(self, path1: str, path2: str) -> None: ...
    def rm_file(self, path: str) -> None: ...
    def rm(self, path: str) -> None: ...
    def invalidate_cache(self) -> None: ...


class FileSystemClass(Protocol):
    """Makes instances."""

    def __call__(self, **options: Any) -> FileSystem: ...


def class_of(protocol: str) -> FileSystemClass:
    """The class that serves a protocol.

    Raises:
        ImportError: its package is not installed; the message names it.
        ValueError: fsspec does not know the protocol.
    """
    return cast("FileSystemClass", fsspec.get_filesystem_class(protocol))


def known_options(kind: FileSystemClass) -> tuple[frozenset[str], bool]:
    """The options that a class names, and whether it accepts others."""
    return parameters_of(kind)


def parameters_of(kind: object) -> tuple[frozenset[str], bool]:
    """The parameters that a class names, and whether it accepts others."""
    # fsspec's metaclass hides the signature of the class itself.
    parameters = inspect.signature(cast("Any", kind).__init__).parameters.values()
    named = {one.name for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
    return frozenset(named - {"self"}), any(one.kind is one.VAR_KEYWORD for one in parameters)


def configured_options(kind: FileSystemClass) -> frozenset[str]:
    """The names of the options that fsspec's own configuration (files, `FSSPEC_…`) gives to a class."""
    names = cast("Any", kind).protocol
    found: Mapping[str, Mapping[str, Any]] = fsspec.config.conf
    return frozenset(
        option for name in ((names,) if isinstance(names, str) else names) for option in found.get(name, {})
    )


def protocols() -> list[str]:
    """All protocols that fsspec knows."""
    return sorted(fsspec.available_protocols())


def open_url(url: str, options: Mapping[str, Any]) -> tuple[FileSystem, str]:
    """A new instance, which fsspec does not share, and the folder of the URL as it names it."""
    found: tuple[FileSystem, str] = url_to_fs(url, skip_instance_cache=True, **options)
    return found


def has_rename(fs: FileSystem) -> bool:
    """Whether it has its own rename, and not only fsspec's copy and remove."""
    return type(fs).mv is not AbstractFileSystem.mv
