"""The folder of a run of the suite: manifests, bodies, the environment of the contenders."""

from __future__ import annotations

import os
import random
import shutil
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 1024 * 1024
KEY = "benchmark-key"


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a run works. Nothing outside of `folder` is changed."""

    folder: Path
    is_full: bool
    """The full scale, or the small one of `make bench-check`."""

    @property
    def python(self) -> str:
        """The Python of the environment that holds mhsync and the contenders."""
        return sys.executable

    @property
    def mhsync(self) -> str:
        return str(Path(sys.executable).with_name("mhsync"))

    @property
    def env(self) -> dict[str, str]:
        """The environment of every contender: no proxy, no configuration of the user."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}:/usr/sbin"
        return {"PATH": path, "HOME": str(self.folder), "LANG": "C.UTF-8", "MAGIC_HOUR_API_KEY": KEY}

    def scaled(self, full: int, small: int) -> int:
        return full if self.is_full else small

    def subfolder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def contender_script(name: str) -> str:
    """The path of a program in `contenders/`."""
    return str(Path(__file__).parent / "contenders" / f"{name}.py")


def project_ids(count: int) -> Iterable[str]:
    """Ids in the form of the API's: 25 characters that begin with a letter."""
    return (f"clx{number:022d}" for number in range(count))


def write_manifest(file: Path, count: int, head: str = "") -> Path:
    """A YAML manifest in which `count` projects are `downloaded`. `head` is more of its top level."""
    with file.open("w") as out:
        out.write(f"version: 1\n{head}projects:\n")
        out.writelines(f"  - id: {id}\n" for id in project_ids(count))
    return file


def write_ids(file: Path, count: int) -> Path:
    """One id a line, for the contenders that read no manifest."""
    with file.open("w") as out:
        out.writelines(f"{id}\n" for id in project_ids(count))
    return file


def write_wav(file: Path, size: int) -> Path:
    """A WAV file of exactly `size` bytes with random samples: not compressible, and not text."""
    source = random.Random(size)  # noqa: S311 (not for cryptography: the same bytes in each run)
    header = b"RIFF" + struct.pack("<I", size - 8) + b"WAVEfmt "
    header += struct.pack("<IHHIIHH", 16, 1, 1, 48000, 96000, 2, 16) + b"data" + struct.pack("<I", size - 44)
    with file.open("wb") as out:
        out.write(header)
        left = size - len(header)
        while left:
            part = min(left, _BLOCK)
            out.write(source.randbytes(part))
            left -= part
    return file


def empty_folder(folder: Path) -> Path:
    """The folder without what was in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def count_files(folder: Path, size: int) -> int:
    """Files below the folder of exactly this size."""
    return sum(1 for path in folder.rglob("*") if path.is_file() and path.stat().st_size == size)
