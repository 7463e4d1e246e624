"""Console: the output of a command. Results go to stdout; progress, prompts, errors and logs to stderr."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from mhsync.cli.render.terminal import Style

_NARROW, _WIDE, _DEFAULT = 40, 120, 80
_SECRET_LEAST = 6


class Console:
    """The two streams, and the options that control them.

    Created once for each command; the options set its attributes while click reads them. `args` is known before
    that, so that an error in the arguments themselves is printed in the requested format.
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
        self._status: tuple[str, ...] = ()
        self._is_status_frozen = False
        self._lock = threading.RLock()
        self._is_closed = False

    @property
    def format(self) -> str:
        """The format of stdout, even when the arguments are wrong: text, json, ndjson, csv, markdown."""
        return last_value(self.args, "--format") or "text"

    @property
    def is_json(self) -> bool:
        """Whether stdout must hold one JSON document."""
        return self.format == "json"

    @property
    def stderr_is_terminal(self) -> bool:
        return self.stderr.isatty()

    @property
    def has_live_lines(self) -> bool:
        """Whether stderr is a terminal that can move its cursor: lines may be rewritten."""
        return self.stderr_is_terminal and self.environ.get("TERM") != "dumb"

    def live_size(self) -> tuple[Style, int]:
        """The style of rewritten lines, one column narrower than the terminal, and the most of them to show."""
        from mhsync.cli.render.terminal import Style

        columns, rows = _size(self.stderr)
        return Style(min(columns, _WIDE) - 1, self._is_colored(is_terminal=True)), rows - 1

    def style(self, stream: TextIO) -> Style:
        """The style of a stream: the width of the terminal, or 80 columns if it is not one."""
        from mhsync.cli.render.terminal import Style

        if not stream.isatty():
            return Style(_DEFAULT, self._is_colored(is_terminal=False))
        return Style(min(max(_size(stream)[0], _NARROW), _WIDE), self._is_colored(is_terminal=True))

    def _is_colored(self, *, is_terminal: bool) -> bool:
        if self.color != "auto":
            return self.color == "always"
        if self.environ.get("NO_COLOR"):
            return False
        if self.environ.get("FORCE_COLOR"):
            return True
        return is_terminal and self.environ.get("TERM") != "dumb"

    def add_secret(self, secret: str) -> None:
        """Redact this text from now on; a very short text is ignored, because it occurs in ordinary words."""
        if len(secret) >= _SECRET_LEAST:
            self._secrets.add(secret)

    def redact(self, text: str) -> str:
        """The text without the secrets that are known and without the query of any URL."""
        from mhsync.core.redaction import redact

        return redact(text, self._secrets, keep_user=True)

    def out(self, text: str) -> None:
        """Write to stdout. If the reader has closed the pipe, later output is discarded and the work continues.

        Raises:
            MhsyncError: stdout cannot be written to.
        """
        self._write_out((text, "\n"))

    def note(self, text: str) -> None:
        """Write what was done to stdout, unless `-q` was given: the exit code says the same."""
        if not self.is_quiet:
            self.out(text)

    def _write_out(self, pieces: Iterable[str]) -> None:
        with self._lock:
            self._clear_status()
            if self._is_closed:
                return
            try:
                for piece in pieces:
                    self.stdout.write(piece)
                self.stdout.flush()
            except OSError as error:
                self._is_closed = True
                _forget(self.stdout)
                if not isinstance(error, BrokenPipeError):
                    from mhsync.errors import MhsyncError

                    reason = (error.strerror or "unknown error").lower()
                    raise MhsyncError(f"cannot write to stdout: {reason}") from error

    def document(self, text: str) -> None:
        """Write the one JSON document."""
        self.has_document = True
        self.out(text)

    def document_pieces(self, pieces: Iterable[str]) -> None:
        """Write the one JSON document, whose text comes in pieces."""
        self.has_document = True
        self._write_out(chain(pieces, "\n"))

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
        """Write a prompt to stderr, without a line end."""
        with self._lock:
            self._clear_status()
            self._write_err(text)

    def info(self, text: str) -> None:
        """Write lines to stderr, unless `-q` was given."""
        if not self.is_quiet:
            self.error(text)

    def status(self, lines: Sequence[str]) -> None:
        """Show lines of progress on a terminal in place of the previous ones; no line removes them.

        The cursor is never hidden, so that nothing has to be restored however the process ends.
        """
        from mhsync.cli.render.terminal import truncated

        with self._lock:
            if self._is_status_frozen:
                return
            width = _size(self.stderr)[0] - 1
            shown = tuple(line if "\x1b" in line else truncated(line, width) for line in lines if line)
            if shown != self._status:
                self._write_err(self._erasing() + "\n".join(shown))
                self._status = shown

    def freeze_status(self) -> None:
        """Leave the lines of progress as they are, and show no further ones. May be called by a signal handler."""
        self._is_status_frozen, self._status = True, ()

    def _erasing(self) -> str:
        """The codes that erase the shown lines. In a terminal that became narrower, they occupy more rows."""
        from mhsync.cli.render.terminal import visible_width

        if not self._status:
            return "\r\x1b[K"
        columns = _size(self.stderr)[0]
        rows = sum(max(1, -(-visible_width(line) // columns)) for line in self._status)
        return "\r\x1b[K" + "\x1b[1A\x1b[K" * (rows - 1)

    def _clear_status(self) -> None:
        if self._status:
            self._write_err(self._erasing())
            self._status = ()

    def _write_err(self, text: str) -> None:
        try:
            self.stderr.write(text)
            self.stderr.flush()
        except BrokenPipeError:
            _forget(self.stderr)


def _size(stream: TextIO) -> tuple[int, int]:
    """The columns and rows of a terminal; the variable `COLUMNS` is preferred."""
    import shutil
    from contextlib import suppress

    columns, rows = 0, 0
    with suppress(OSError, ValueError):
        columns, rows = os.get_terminal_size(stream.fileno())
    given = os.environ.get("COLUMNS", "")
    if columns <= 0 or (given.isascii() and given.isdigit() and int(given) > 0):
        columns = shutil.get_terminal_size((_DEFAULT, 24)).columns
    return columns, rows if rows > 0 else 24


def _before_separator(args: Sequence[str]) -> tuple[str, ...]:
    found = tuple(args)
    return found[: found.index("--")] if "--" in found else found


def last_value(args: Sequence[str], option: str) -> str | None:
    """The value of an option in unparsed arguments; the last one counts."""
    value = None
    for index, arg in enumerate(args):
        if arg == option and index + 1 < len(args):
            value = args[index + 1]
        elif arg.startswith(f"{option}="):
            value = arg.partition("=")[2]
    return value


def _forget(stream: TextIO) -> None:
    """Redirect a stream whose reader has closed it to the null device, so that its last flush cannot fail."""
    try:
        number = stream.fileno()
    except OSError:
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number)
    os.close(nothing)
