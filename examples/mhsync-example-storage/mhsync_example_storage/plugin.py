"""A storage for mhsync that keeps everything in one SQLite file: `sqlite:///absolute/path/to/file.db`."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from mhsync import (
    FileInfo,
    Storage,
    StorageError,
    StorageNotFound,
    StorageUnavailable,
    UsageError,
    hookimpl,
    validate_path,
)
from mhsync.storage_kit import MinimalStorage, refuse_unknown_options

CHUNK = 1024 * 1024
BUSY_TIMEOUT = 60.0
"""Seconds to wait for another connection that writes."""

FILES = """
    CREATE TABLE IF NOT EXISTS files (
        id INTEGER PRIMARY KEY,
        path TEXT NOT NULL UNIQUE,
        size INTEGER NOT NULL,
        version TEXT NOT NULL
    )
"""
CHUNKS = """
    CREATE TABLE IF NOT EXISTS chunks (
        file INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
        number INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (file, number)
    )
"""


@hookimpl
def mhsync_storage_schemes() -> Mapping[str, Callable[[str, Mapping[str, Any]], Storage]]:
    return {"sqlite": open_storage}


def open_storage(url: str, options: Mapping[str, Any]) -> Storage:
    """The factory. It checks the URL and the options, and writes nothing.

    Raises:
        UsageError: the URL does not name a file by its absolute path, or there are options.
    """
    parts = urlsplit(url)
    if parts.netloc or not parts.path.startswith("/") or parts.path.endswith("/") or parts.query or parts.fragment:
        raise UsageError("the URL does not name a file", hint="write sqlite:///absolute/path/to/file.db")
    refuse_unknown_options("sqlite", options, known=(), credentials="nowhere")
    return SqliteStorage(Path(unquote(parts.path)))


class SqliteStorage(MinimalStorage):
    """Files as rows. Each call opens its own connection, so any thread may call any method."""

    is_local = True

    def __init__(self, file: Path) -> None:
        self.file = file

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        query = "SELECT path, size, version FROM files WHERE substr(path, 1, length(?)) = ?"
        with self._reading() as database:
            rows = [] if database is None else database.execute(query, (prefix, prefix)).fetchall()
        for path, size, version in rows:
            yield FileInfo(path, size, version)

    def stat(self, path: str) -> FileInfo | None:
        validate_path(path)
        with self._reading() as database:
            row = None if database is None else _find(database, path)
        return None if row is None else FileInfo(path, *row[1:])

    def open(self, path: str) -> BinaryIO:
        validate_path(path)
        with ExitStack() as stack, self._reading() as database:
            row = None if database is None else _find(database, path)
            if database is None or row is None:
                raise StorageNotFound(f"there is no file {path} in {self.file}")
            copy = stack.enter_context(tempfile.TemporaryFile())
            query = "SELECT data FROM chunks WHERE file = ? ORDER BY number"
            for (data,) in database.execute(query, (row[0],)):
                copy.write(data)
            copy.seek(0)
            stack.pop_all()  # now the caller closes the copy
            return copy

    def put(self, path: str, file: BinaryIO, size: int) -> None:
        with self._writing() as database:
            database.execute("DELETE FROM files WHERE path = ?", (path,))
            # Every file gets a new version, which no earlier file of any database had.
            values = (path, size, token_hex(16))
            row = database.execute("INSERT INTO files (path, size, version) VALUES (?, ?, ?)", values)
            for number, data in enumerate(iter(lambda: file.read(CHUNK), b"")):
                database.execute("INSERT INTO chunks VALUES (?, ?, ?)", (row.lastrowid, number, data))

    def remove(self, path: str) -> None:
        validate_path(path)
        with self._reading() as database:
            is_there = database is not None and _find(database, path) is not None
        if is_there:
            with self._writing() as database:
                database.execute("DELETE FROM files WHERE path = ?", (path,))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """One snapshot of the database for the whole block; None if there is no database."""
        with self._translated():
            if not self.file.exists():
                yield None
                return
            # Not `mode=ro`: an unfinished transaction of a killed process must be rolled back first.
            with closing(self._connect("rw")) as database:
                database.execute("BEGIN")
                has_tables = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'chunks'").fetchone()
                yield database if has_tables else None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, committed if the block ends without an exception."""
        with self._translated():
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect("rwc")) as database:
                # IMMEDIATE takes the write lock at once; taken later, it fails if another has committed.
                database.execute("BEGIN IMMEDIATE")
                for table in (FILES, CHUNKS):
                    database.execute(table)
                yield database
                database.execute("COMMIT")

    def _connect(self, mode: str) -> sqlite3.Connection:
        try:
            database = sqlite3.connect(
                f"{self.file.as_uri()}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT, isolation_level=None
            )
            database.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error as error:
            raise StorageUnavailable(f"cannot open {self.file}: {error}") from error
        return database

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turns an exception of SQLite or the disk into an error of mhsync."""
        try:
            yield
        except (sqlite3.Error, OSError, UnicodeEncodeError) as error:
            raise StorageError(f"{self.file}: {error}", hint="check that the disk works and has space") from error


def _find(database: sqlite3.Connection, path: str) -> tuple[int, int, str] | None:
    """The id, the size and the version of a file."""
    query = "SELECT id, size, version FROM files WHERE path = ?"
    row: tuple[int, int, str] | None = database.execute(query, (path,)).fetchone()
    return row
