"""What the conformance suite writes, under which names, and how it looks at what came of it."""

from __future__ import annotations

import hashlib

from mhsync.storage.base import Storage

CHUNK = 256 * 1024
NAMES = (
    "with space.wav", "inner  spaces/a b.wav", "ümläut/çødé.wav", "日本語/音.wav", "🎵.wav", "%41%2F.wav",
    "a#b.wav", "a&b=c+d.wav", "~tilde.wav", ".hidden", "-dash.wav", "it's.wav", "(1) [2] {3}.wav", "$HOME.wav",
    "a@b,c;d!.wav", "dots..wav", "UPPER.WAV", "d/e/e/p/er.wav",
)  # fmt: skip
OUTSIDE = ("", "/absolute", "../up", "a/../b", "a//b", "a/", "./a", "a\\b", "line\nbreak", "nul\0")


class Unexpected(Exception):
    """What a block of `write` ends with in these tests."""


def content(size: int, seed: str = "") -> bytes:
    """That many bytes, which look random and are the same each time."""
    return hashlib.shake_256(f"{size} {seed}".encode()).digest(size)


def put(storage: Storage, path: str, data: bytes) -> None:
    with storage.write(path) as writer:
        for begin in range(0, len(data), CHUNK):
            writer.write(data[begin : begin + CHUNK])


def get(storage: Storage, path: str) -> bytes:
    parts = []
    with storage.open(path) as reader:
        while part := reader.read(CHUNK):
            parts.append(part)
    return b"".join(parts)


def paths(storage: Storage, prefix: str = "") -> list[str]:
    """The listing's paths, sorted; one that is listed twice stands there twice."""
    return sorted(info.path for info in storage.list(prefix))
