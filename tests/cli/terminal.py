"""Run a command on a terminal: stdin and stderr are a pty, stdout is a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import termios
import time
from types import TracebackType
from typing import Self

from tests.cli.cli_runner import TIMEOUT, CliRunner


class Terminal:
    """A command on a pseudo-terminal: types input and reads the output."""

    def __init__(self, cli_runner: CliRunner, *args: str, columns: int = 80, **environ: str) -> None:
        self.shown = ""
        self.code: int | None = None
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, columns))
        self._process = cli_runner.start(
            *args,
            stdin=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,
            environ=environ,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate(timeout=TIMEOUT)
        os.close(self._master)

    def read_until(self, text: str) -> str:
        until = time.monotonic() + TIMEOUT
        while text not in self.shown:
            assert time.monotonic() < until, f"never shown: {text!r}; but: {self.shown!r}"
            if not self._read(0.5) and self._process.poll() is not None:
                raise AssertionError(f"it ended without {text!r}: {self.shown!r}")
        return self.shown

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def finish(self) -> str:
        """Wait for the end and return stdout."""
        assert self._process.stdout is not None
        out = ""
        while self._process.poll() is None:
            self._read(0.05)
        out = self._process.stdout.read()
        while self._read(0.05):
            pass
        self.code = self._process.returncode
        return out

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 4096)
        except OSError:
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


def _take_terminal() -> None:
    """Make stdin the controlling terminal, so that Ctrl-C reaches the command as a signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
