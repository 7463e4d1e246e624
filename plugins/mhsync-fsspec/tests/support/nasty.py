"""File systems that break what they can, registered with fsspec as `nasty` and `nastymv`.

They keep real files in a folder, so that a process which is killed leaves there what it left. What goes wrong is
read from `MISDEEDS`, and from the file `misdeeds` beside the folder where another process is to misbehave.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractFileSystem

STEP = 16 * 1024


@dataclass
class Misdeeds:
    """What goes wrong: for each operation, how many more times, and how."""

    left: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    done: list[str] = field(default_factory=list)

    def expect(self, **left: int) -> None:
        """Such as `cut_upload=1`: the next upload publishes half a file, and raises."""
        self.left = dict(left)

    def is_due(self, what: str) -> bool:
        with self.lock:
            self.done.append(what)
            count = self.left.get(what, 0)
            self.left[what] = count - 1
            return count > 0


MISDEEDS = Misdeeds()


class NastyFileSystem(AbstractFileSystem):
    """Copies are its only way to give a file another name, and nothing it does is one step.

    It refuses to copy onto a name that is taken, lists as a generator, tells of folders that they hold themselves,
    remembers listings, and shares one connection among all who use the instance.
    """

    protocol = "nasty"
    cachable = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.local = LocalFileSystem()
        self.users = 0
        self.listings: dict[str, list[dict[str, Any]]] = {}

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        with self.alone():
            lose("info")
            return self._told(self.local.info(self._strip_protocol(path)))

    def ls(self, path: str, detail: bool = True, **_: Any) -> Any:
        path = self._strip_protocol(path)
        if path not in self.listings:
            with self.alone():
                lose("ls")
                found = [self._told(info) for info in self.local.ls(path, detail=True)]
            self.listings[path] = found
        return self._lazily([{"name": path, "size": 0, "type": "file"}, *self.listings[path]])

    def _lazily(self, infos: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for number, info in enumerate(infos):
            if number == 1:
                lose("ls_half")
            yield info

    def invalidate_cache(self, path: str | None = None) -> None:
        self.listings.clear()

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        with self.alone():
            lose("makedirs")
            self.local.makedirs(path, exist_ok=exist_ok)

    def put_file(self, lpath: str, rpath: str, **_: Any) -> None:
        with self.alone():
            lose("put")
            self._write(Path(lpath), Path(rpath), "upload")
        lose("put_answer")

    def _open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        lose("open")
        return _Reading(Path(path))

    def cp_file(self, path1: str, path2: str, **_: Any) -> None:
        with self.alone():
            lose("copy")
            if Path(path2).exists():
                raise FileExistsError(path2)
            self._write(Path(path1), Path(path2), "copy")
        lose("copy_answer")

    def rm_file(self, path: str) -> None:
        with self.alone():
            lose("rm")
            Path(path).unlink()
        lose("rm_answer")

    def _write(self, source: Path, target: Path, kind: str) -> None:
        """Byte by byte under its final name, as so many do."""
        is_cut, is_short = MISDEEDS.is_due(f"cut_{kind}"), MISDEEDS.is_due(f"short_{kind}")
        size = source.stat().st_size
        with source.open("rb") as reader, target.open("wb") as writer:
            for at in range(0, size, STEP):
                if (is_cut or is_short) and at >= size // 2:
                    break
                writer.write(reader.read(STEP))
                writer.flush()
        if is_cut:
            raise ConnectionResetError("the connection was lost")

    def _told(self, info: dict[str, Any]) -> dict[str, Any]:
        size = None if MISDEEDS.left.get("no_sizes") else info["size"]
        return {"name": info["name"], "size": size, "type": info["type"]}

    def alone(self) -> _Alone:
        return _Alone(self)


class _Reading(io.FileIO):
    """A reader whose connection may be lost, or which may say too early that this was all."""

    def read(self, count: int | None = -1) -> bytes:
        lose("read")
        return b"" if MISDEEDS.is_due("end_early") else super().read(count)


class _Alone:
    """Two at once on one instance would be a deadlock elsewhere; here it is told."""

    def __init__(self, fs: NastyFileSystem) -> None:
        self._fs = fs

    def __enter__(self) -> None:
        self._fs.users += 1
        if self._fs.users != 1:
            raise RuntimeError("two callers share one instance")

    def __exit__(self, *_: object) -> None:
        self._fs.users -= 1


class NastyMvFileSystem(NastyFileSystem):
    """Has a rename of its own, which refuses names that are taken, and is a copy byte by byte in truth."""

    protocol = "nastymv"

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        with self.alone():
            lose("mv")
            if Path(path2).exists():
                raise FileExistsError(path2)
            self._write(Path(path1), Path(path2), "mv")
            Path(path1).unlink()
        lose("mv_answer")

    def cp_file(self, path1: str, path2: str, **_: Any) -> None:
        raise NotImplementedError


def lose(what: str) -> None:
    """Lose the connection, where it is due."""
    if MISDEEDS.is_due(what):
        raise ConnectionResetError("the connection was lost")


def register() -> None:
    for kind in (NastyFileSystem, NastyMvFileSystem):
        fsspec.register_implementation(kind.protocol, kind, clobber=True)


def open_nasty(url: str, options: dict[str, Any]) -> Any:
    """As the plugin's own factory, for another process too."""
    from mhsync_fsspec.factory import make

    register()
    return make(url, options, {})


def die_at(step: str) -> None:
    """Let this process end, as by kill -9, in the middle of a step such as `copy:1`: the first copy."""
    wanted, _, count = step.partition(":")
    left = [int(count)]
    write, remove = NastyFileSystem._write, NastyFileSystem.rm_file

    def is_now(kind: str) -> bool:
        left[0] -= kind == wanted
        return kind == wanted and not left[0]

    def writing(self: NastyFileSystem, source: Path, target: Path, kind: str) -> None:
        if is_now(kind):
            target.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
            os._exit(9)
        write(self, source, target, kind)

    def removing(self: NastyFileSystem, path: str) -> None:
        if is_now("rm"):
            os._exit(9)
        remove(self, path)

    NastyFileSystem._write, NastyFileSystem.rm_file = writing, removing  # type: ignore[method-assign]


if __name__ == "__main__":
    url, step, path, size = json.loads(sys.argv[1])
    die_at(step)
    with open_nasty(url, {}).write(path) as writer:
        writer.write(b"k" * size)
