"""Writes a file of any size, reads it back and compares it, with little memory: `python cloud_stream.py TASK`.

TASK is JSON: the factory, its arguments, and the size in bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys

from mhsync.testing import Opener

CHUNK = 256 * 1024


def main(factory: str, arguments: list[object], size: int) -> None:
    storage = Opener(factory, tuple(arguments)).open()
    written, read = hashlib.sha256(), hashlib.sha256()
    with storage.write("large.wav") as writer:
        for begin in range(0, size, CHUNK):
            data = os.urandom(min(CHUNK, size - begin))
            written.update(data)
            writer.write(data)
    with storage.open("large.wav") as reader:
        while data := reader.read(CHUNK):
            read.update(data)
    storage.copy("large.wav", "copied.wav")
    storage.remove("large.wav")
    info = storage.stat("copied.wav")
    assert info is not None
    assert info.size == size
    assert written.digest() == read.digest()
    storage.remove("copied.wav")


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
