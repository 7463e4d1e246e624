"""File systems with injected faults, registered with fsspec as `faulty` and `faultymv`.

They store real files in a folder, so that the files of a killed process remain. `FAULTS` says which operations fail.
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
class Faults:
    """The faults to inject: how many more times each occurs."""

    left: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    done: list[str] = field(default_factory=list)

    def inject(self, **left: int) -> None:
        """Inject only these faults. With `cut_upload=1` the next upload writes half a file, and raises."""
        self.left = dict(left)

    def is_due(self, what: str) -> bool:
        with self.lock:
            self.done.append(what)
            count = self.left.get(what, 0)
            self.left[what] = count - 1
            return count > 0


FAULTS = Faults()


class FaultyFileSystem(AbstractFileSystem):
    """A file system that cannot rename, and in which no operation is one step.

    It refuses to copy to an existing file. A listing is a generator, comes from a cache, and contains the folder
    itself. All callers of an instance share one connection.
    """

    protocol = "faulty"
    cachable = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.local = LocalFileSystem()
        self.users = 0
        self.listings: dict[str, list[dict[str, Any]]] = {}

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        with self.exclusive():
            lose("info")
            return self._report(self.local.info(self._strip_protocol(path)))

    def ls(self, path: str, detail: bool = True, **_: Any) -> Any:
        path = self._strip_protocol(path)
        if path not in self.listings:
            with self.exclusive():
                lose("ls")
                found = [self._report(info) for info in self.local.ls(path, detail=True)]
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
        with self.exclusive():
            lose("makedirs")
            self.local.makedirs(path, exist_ok=exist_ok)

    def put_file(self, lpath: str, rpath: str, **_: Any) -> None:
        with self.exclusive():
            lose("put")
            self._write(Path(lpath), Path(rpath), "upload")
        lose("put_answer")

    def _open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        lose("open")
        return _Reading(Path(path))

    def cp_file(self, path1: str, path2: str, **_: Any) -> None:
        with self.exclusive():
            lose("copy")
            if Path(path2).exists():
                raise FileExistsError(path2)
            self._write(Path(path1), Path(path2), "copy")
        lose("copy_answer")

    def rm_file(self, path: str) -> None:
        with self.exclusive():
            lose("rm")
            Path(path).unlink()
        lose("rm_answer")

    def _write(self, source: Path, target: Path, kind: str) -> None:
        """Write in pieces under the final name, as many file systems do."""
        is_cut, is_short = FAULTS.is_due(f"cut_{kind}"), FAULTS.is_due(f"short_{kind}")
        size = source.stat().st_size
        with source.open("rb") as reader, target.open("wb") as writer:
            for at in range(0, size, STEP):
                if (is_cut or is_short) and at >= size // 2:
                    break
                writer.write(reader.read(STEP))
                writer.flush()
        if is_cut:
            raise ConnectionResetError("the connection was lost")

    def _report(self, info: dict[str, Any]) -> dict[str, Any]:
        size = None if FAULTS.left.get("no_sizes") else info["size"]
        return {"name": info["name"], "size": size, "type": info["type"]}

    def exclusive(self) -> _Exclusive:
        return _Exclusive(self)


class _Reading(io.FileIO):
    """A reader that can lose its connection, or end too early."""

    def read(self, count: int | None = -1) -> bytes:
        lose("read")
        return b"" if FAULTS.is_due("end_early") else super().read(count)


class _Exclusive:
    """Raises if two callers use one instance at once. In other file systems this can be a deadlock."""

    def __init__(self, fs: FaultyFileSystem) -> None:
        self._fs = fs

    def __enter__(self) -> None:
        self._fs.users += 1
        if self._fs.users != 1:
            raise RuntimeError("two callers share one instance")

    def __exit__(self, *_: object) -> None:
        self._fs.users -= 1


class FaultyMvFileSystem(FaultyFileSystem):
    """A file system whose rename copies in pieces, and refuses to replace an existing file."""

    protocol = "faultymv"

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        with self.exclusive():
            lose("mv")
            if Path(path2).exists():
                raise FileExistsError(path2)
            self._write(Path(path1), Path(path2), "mv")
            Path(path1).unlink()
        lose("mv_answer")

    def cp_file(self, path1: str, path2: str, **_: Any) -> None:
        raise NotImplementedError


def lose(what: str) -> None:
    """Lose the connection if this fault is due."""
    if FAULTS.is_due(what):
        raise ConnectionResetError("the connection was lost")


def register() -> None:
    for kind in (FaultyFileSystem, FaultyMvFileSystem):
        fsspec.register_implementation(kind.protocol, kind, clobber=True)


def open_faulty(url: str, options: dict[str, Any]) -> Any:
    """The factory of the plugin, which also works in another process."""
    from mhsync_fsspec.factory import make

    register()
    return make(url, options, {})


def die_at(step: str) -> None:
    """End this process without cleanup in the middle of a step. `copy:1` is the first copy."""
    wanted, _, count = step.partition(":")
    left = [int(count)]
    write, remove = FaultyFileSystem._write, FaultyFileSystem.rm_file

    def is_now(kind: str) -> bool:
        left[0] -= kind == wanted
        return kind == wanted and not left[0]

    def writing(self: FaultyFileSystem, source: Path, target: Path, kind: str) -> None:
        if is_now(kind):
            target.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
            os._exit(9)
        write(self, source, target, kind)

    def removing(self: FaultyFileSystem, path: str) -> None:
        if is_now("rm"):
            os._exit(9)
        remove(self, path)

    FaultyFileSystem._write, FaultyFileSystem.rm_file = writing, removing  # type: ignore[method-assign]


if __name__ == "__main__":
    url, step, path, size = json.loads(sys.argv[1])
    die_at(step)
    with open_faulty(url, {}).write(path) as writer:
        writer.write(b"k" * size)
