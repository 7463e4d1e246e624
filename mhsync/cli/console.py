"""Voice: how one command talks. Results go to stdout; progress, prompts, errors and logs to stderr."""

from __future__ import annotations

import io
import os
import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import TextIO

from mhsync.cli.render.terminal import Style, truncated, without_queries
from mhsync.core.redaction import mask_secrets
from mhsync.errors import MhsyncError

_NARROW, _WIDE, _DEFAULT = 40, 120, 80
_SECRET_LEAST = 6


class Console:
    """The two streams, and what the options say about them.

    Made once for each command; the options fill it in while they are read. Only `args` is known before, so that
    an error in the arguments themselves is told in the form that was asked for.
    """

    def __init__(
        self,
        args: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self.args = _before_separator(args)
        self.environ: Mapping[str, str] = os.environ if environ is None else environ
        self.stdout = stdout or sys.stdout or io.StringIO()
        self.stderr = stderr or sys.stderr or io.StringIO()
        self.verbose = 0
        self.is_quiet = False
        self.color = "auto"
        self.log_format = "text"
        self.has_document = False
        self._secrets: set[str] = set()
        self._status = ""
        self._lock = threading.RLock()
        self._is_cut = False

    @property
    def is_json(self) -> bool:
        """Whether stdout must hold one JSON document, even when the arguments are wrong."""
        return last_value(self.args, "--format") == "json"

    @property
    def stderr_is_terminal(self) -> bool:
        return self.stderr.isatty()

    def style(self, stream: TextIO) -> Style:
        """How to draw on a stream: its width where it is a terminal, else 80 columns."""
        if not stream.isatty():
            return Style(_DEFAULT, self._is_colored(is_terminal=False))
        columns = shutil.get_terminal_size((_DEFAULT, 24)).columns
        return Style(min(max(columns, _NARROW), _WIDE), self._is_colored(is_terminal=True))

    def _is_colored(self, *, is_terminal: bool) -> bool:
        if self.color != "auto":
            return self.color == "always"
        if self.environ.get("NO_COLOR"):
            return False
        if self.environ.get("FORCE_COLOR"):
            return True
        return is_terminal and self.environ.get("TERM") != "dumb"

    def add_secret(self, secret: str) -> None:
        """Never write this text, whatever happens; one so short that it is in every second word is no secret."""
        if len(secret) >= _SECRET_LEAST:
            self._secrets.add(secret)

    def redact(self, text: str) -> str:
        """The text without the secrets that are known and without the query of any URL."""
        return without_queries(mask_secrets(text, self._secrets))

    def out(self, text: str) -> None:
        """Write to stdout. A reader that went away ends the talking and not the work.

        Raises:
            MhsyncError: it cannot be written to.
        """
        with self._lock:
            self._clear_status()
            if self._is_cut:
                return
            try:
                self.stdout.write(f"{text}\n")
                self.stdout.flush()
            except OSError as error:
                self._is_cut = True
                _forget(self.stdout)
                if not isinstance(error, BrokenPipeError):
                    reason = (error.strerror or "it failed").lower()
                    raise MhsyncError(f"stdout cannot be written to: {reason}") from error

    def document(self, text: str) -> None:
        """Write the one JSON document."""
        self.has_document = True
        self.out(text)

    def error(self, text: str) -> None:
        """Write lines to stderr."""
        with self._lock:
            self._clear_status()
            self._write_err(f"{text}\n")

    def error_lines(self, lines: Sequence[str]) -> None:
        """Write lines to stderr, if there are any."""
        if lines:
            self.error("\n".join(lines))

    def prompt(self, text: str) -> None:
        """Write to stderr what an answer is typed behind."""
        with self._lock:
            self._clear_status()
            self._write_err(text)

    def info(self, text: str) -> None:
        """Tell something that `-q` silences."""
        if not self.is_quiet:
            self.error(text)

    def status(self, text: str) -> None:
        """Show one line of progress on a terminal, in place of the one before; an empty text takes it away."""
        with self._lock:
            columns = shutil.get_terminal_size((_DEFAULT, 24)).columns
            line = truncated(text, columns - 1)
            if line != self._status:
                self._write_err(f"\r\x1b[K{line}")
                self._status = line

    def _clear_status(self) -> None:
        if self._status:
            self._write_err("\r\x1b[K")
            self._status = ""

    def _write_err(self, text: str) -> None:
        try:
            self.stderr.write(text)
            self.stderr.flush()
        except BrokenPipeError:
            _forget(self.stderr)


def _before_separator(args: Sequence[str]) -> tuple[str, ...]:
    found = tuple(args)
    return found[: found.index("--")] if "--" in found else found


def last_value(args: Sequence[str], option: str) -> str | None:
    """The value that an option has in raw arguments: the last one counts."""
    value = None
    for index, arg in enumerate(args):
        if arg == option and index + 1 < len(args):
            value = args[index + 1]
        elif arg.startswith(f"{option}="):
            value = arg.partition("=")[2]
    return value


def _forget(stream: TextIO) -> None:
    """Point a stream whose reader is gone at nothing, so that its last flush is quiet too."""
    try:
        number = stream.fileno()
    except OSError:
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number)
    os.close(nothing)
