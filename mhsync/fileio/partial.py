"""The received part of an interrupted download, kept for a later run: a file, and a note with its source.

A kept file is used only if the note is valid and of the same source, and the bytes on disk have the size and the
sha256 of the note. Otherwise it is removed and downloaded again. A file with a second name (a hard link) is never
written to: it may belong to another program.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, fields
from itertools import islice
from typing import Any

from mhsync.dataclass import dataclass
from mhsync.fileio.live import NOFOLLOW, hold_at_once, own_file

FORMAT = "mhsync.partial/1"
_PART, _NOTE, _NEW_NOTE = ".part", ".json", ".json.new"
_NOTE_MAX = 16 * 1024
_TEXT_MAX = 4096
_ENTRIES_MAX = 100_000
_PIECE = 1024 * 1024
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Partial:
    """The beginning of one output. `size` (bytes) is how much of it there is, `total` how long the whole is."""

    source: str
    """The URL without its query."""
    validator: str
    """The validator for `If-Range`: it changes when the file at the source changes."""
    etag: str
    size: int
    total: int | None
    sha256: str
    """Of the bytes that are kept."""

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, value: object) -> Partial | None:
        """The value that a note holds, or None where it is not exactly one."""
        names = {field.name for field in fields(cls)}
        if not isinstance(value, dict) or value.keys() != {"format", *names} or value["format"] != FORMAT:
            return None
        size, total, sha256 = value["size"], value["total"], value["sha256"]
        texts = [value[name] for name in ("source", "validator", "etag")]
        if not all(isinstance(text, str) and len(text) <= _TEXT_MAX and _is_plain(text) for text in texts):
            return None
        # A bool is an int for isinstance.
        if type(size) is not int or not (total is None or type(total) is int):
            return None
        if size <= 0 or (total is not None and size >= total) or not texts[0] or not texts[1]:
            return None
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            return None
        return cls(texts[0], texts[1], texts[2], size, total, sha256)


def _is_plain(text: str) -> bool:
    """Whether the text may stand in a request's header."""
    return text.isascii() and text.isprintable()


@dataclass(slots=True)
class Restored:
    """A kept file that was taken up again. `descriptor` is open for reading and writing, at its end."""

    partial: Partial
    descriptor: int
    digest: hashlib._Hash
    head: bytes


class PartialFolder:
    """A folder with kept files.

    Args:
        opened: opens the folder, making it where the argument says so; gives a descriptor.
        prefix: what the names of kept files begin with.
    """

    def __init__(self, opened: Callable[[bool], AbstractContextManager[int]], prefix: str = "") -> None:
        self._opened = opened
        self._prefix = prefix

    def keep(self, name: str, partial: Partial, folder: int, file: str) -> bool:
        """Move an unfinished file here; whether that was done. It never raises: what fails is thrown away.

        Args:
            name: what to find it by: letters, digits, `_`, `-` and `=`.
            folder: a descriptor of the folder that the file lies in.
            file: its name there.
        """
        try:
            with self._opened(True) as here:
                self._remove(here, name)
                self._write_note(here, name, partial)
                # The note comes first: a file without a note is nothing, and neither is a note without a file.
                os.replace(file, self._name(name, _PART), src_dir_fd=folder, dst_dir_fd=here)
        except OSError:
            return False
        return True

    def restore(
        self, name: str, source: str, folder: int, file: str, *, head: int, check: Callable[[], None]
    ) -> Restored | None:
        """Take up a kept file, which replaces the unfinished file `file` of `folder`; None where nothing fits.

        What does not fit is removed.

        Args:
            source: what the file must be part of.
            head: bytes of its beginning to give back.
            check: called between pieces; raises to stop, and all stays as it was.
        """
        with suppress(OSError), self._opened(False) as here:
            try:
                restored = self._restored(here, name, source, head, check)
            except OSError:
                restored = None
            if restored is not None and not self._take(here, name, folder, file):
                os.close(restored.descriptor)
                restored = None
            self._remove(here, name)
            return restored
        return None

    def _restored(
        self, here: int, name: str, source: str, head: int, check: Callable[[], None]
    ) -> Restored | None:
        partial = _read_note(here, self._name(name, _NOTE))
        if partial is None or partial.source != source:
            return None
        with own_file(here, self._name(name, _PART)) as descriptor:
            if os.fstat(descriptor).st_size != partial.size or not hold_at_once(descriptor):
                return None
            digest, beginning = hashlib.sha256(), b""
            while piece := os.read(descriptor, _PIECE):
                check()
                digest.update(piece)
                beginning += piece[: max(0, head - len(beginning))]
            if digest.hexdigest() != partial.sha256:
                return None
            return Restored(partial, os.dup(descriptor), digest, beginning)

    def _take(self, here: int, name: str, folder: int, file: str) -> bool:
        try:
            os.replace(self._name(name, _PART), file, src_dir_fd=here, dst_dir_fd=folder)
        except OSError:
            return False
        return True

    def clear(self, name: str) -> None:
        """Remove what is kept under the name, if there is anything."""
        with suppress(OSError), self._opened(False) as here:
            self._remove(here, name)

    def clear_old(self, age: float, now: float) -> None:
        """Remove kept files that are older than `age` seconds, and halves of pairs.

        Args:
            now: seconds since 1970. A file that claims to be from far in the future is as old as one from as far
                in the past.
        """
        with suppress(OSError), self._opened(False) as here, os.scandir(here) as entries:
            names = {entry.name for entry in islice(entries, _ENTRIES_MAX)}
            mine = {found for file in names if (found := self._name_of(file)) is not None}
            for name in mine:
                with suppress(OSError):
                    note = self._name(name, _NOTE)
                    is_pair = {self._name(name, _PART), note} <= names
                    kept = os.stat(note, dir_fd=here, follow_symlinks=False).st_mtime if is_pair else None
                    if kept is None or abs(now - kept) > age:
                        self._remove(here, name)

    def _name(self, name: str, kind: str) -> str:
        return f"{self._prefix}{name}{kind}"

    def _name_of(self, file: str) -> str | None:
        for kind in (_PART, _NEW_NOTE, _NOTE):
            if file.startswith(self._prefix) and file.endswith(kind):
                return file.removeprefix(self._prefix).removesuffix(kind)
        return None

    def _remove(self, here: int, name: str) -> None:
        for kind in (_NOTE, _NEW_NOTE, _PART):
            with suppress(OSError):
                os.unlink(self._name(name, kind), dir_fd=here)

    def _write_note(self, here: int, name: str, partial: Partial) -> None:
        new = self._name(name, _NEW_NOTE)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW, 0o600, dir_fd=here)
        try:
            os.write(descriptor, json.dumps(partial.to_json()).encode())
        finally:
            os.close(descriptor)
        os.replace(new, self._name(name, _NOTE), src_dir_fd=here, dst_dir_fd=here)


def _read_note(here: int, file: str) -> Partial | None:
    with suppress(OSError, ValueError, RecursionError), own_file(here, file) as descriptor:
        text = os.read(descriptor, _NOTE_MAX + 1)
        return Partial.from_json(json.loads(text)) if len(text) <= _NOTE_MAX else None
    return None
