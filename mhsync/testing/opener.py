"""How to open the storage under test, here and in a process that is to be killed."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from typing import Any

from mhsync.dataclass import dataclass
from mhsync.storage.base import Storage


@dataclass(frozen=True)
class Opener:
    """A storage by the name of what makes it, so that another process can make it too.

    Args:
        factory: `package.module:callable`.
        arguments: what it is called with: JSON values.
        environment: variables that only the other process needs, such as credentials of a test server.
    """

    factory: str
    arguments: tuple[Any, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def open(self) -> Storage:
        """The storage; a new object each time, on the same files.

        Raises:
            TypeError: the factory gave something else.
        """
        module, _, name = self.factory.partition(":")
        storage = getattr(importlib.import_module(module), name)(*self.arguments)
        if not isinstance(storage, Storage):
            raise TypeError(f"{self.factory} gave a {type(storage).__name__}, no Storage")
        return storage

    @contextmanager
    def writing(self, path: str, **how: int | bool) -> Iterator[subprocess.Popen[str]]:
        """A process that is in the middle of writing a file, for the length of the block; it never ends well.

        Args:
            path: what it writes.
            how: see `mhsync.testing.writer_process`.

        Raises:
            RuntimeError: it did not get so far; the message is what it had to say.
        """
        task = json.dumps({"factory": self.factory, "arguments": self.arguments, "path": path, **how})
        environment = {
            **os.environ,
            **self.environment,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        with subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "mhsync.testing.writer_process", task],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        ) as process:  # fmt: skip
            assert process.stdout is not None and process.stderr is not None
            try:
                if process.stdout.readline() != "writing\n":
                    process.kill()
                    raise RuntimeError(f"the writing process failed: {process.stderr.read()[-2000:]}")
                yield process
            finally:
                process.kill()
