"""A process that writes a file and is killed at it: `python -m mhsync.testing.writer_process TASK`.

`Opener.writing` runs it. The task is JSON: what opens the storage, a path, and either `before`, the bytes to
write before it waits inside the block, or `size` with `for_ever`: it then writes the path again and again, each
time with another byte in all places.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from itertools import cycle
from typing import Any

from mhsync.storage.base import Storage, Writer
from mhsync.testing.opener import Opener

STEP = 64 * 1024


def main(task: Mapping[str, Any]) -> None:
    threading.Thread(target=_end_with_the_test, daemon=True).start()
    storage = Opener(task["factory"], tuple(task["arguments"])).open()
    if task.get("for_ever"):
        _write_for_ever(storage, task["path"], task["size"])
    with storage.write(task["path"]) as writer:
        _fill(writer, b"x", task["before"])
        _signal()
        threading.Event().wait()


def _write_for_ever(storage: Storage, path: str, size: int) -> None:
    for count, byte in enumerate(cycle(range(256))):
        if count == 1:
            _signal()
        with storage.write(path) as writer:
            _fill(writer, bytes([byte]), size)


def _fill(writer: Writer, byte: bytes, size: int) -> None:
    for begin in range(0, size, STEP):
        writer.write(byte * min(STEP, size - begin))


def _signal() -> None:
    print("writing", flush=True)  # noqa: T201 - what the test waits for


def _end_with_the_test() -> None:
    """A test that is killed itself must not leave a writer behind, nor end its block well."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
