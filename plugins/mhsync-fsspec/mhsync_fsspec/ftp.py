"""FTP through the connection of fsspec's FTP file system.

The methods of fsspec are not used. They read a file in pieces and abort a transfer for each, report every error as
a missing file, and list a whole folder to find one file.
"""

from __future__ import annotations

import errno
import ftplib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mhsync_fsspec.backend import Backend, Entry
from mhsync_fsspec.failures import Refused, ServerFailed
from mhsync_fsspec.filesystem import FileSystem
from mhsync_fsspec.options import PREFIX

if TYPE_CHECKING:
    import socket

    from _typeshed import WriteableBuffer

PROTOCOL = "ftp"
_BLOCK = 256 * 1024
_MISSING = re.compile(r"no such file|not found|does(n't| not) exist|cannot find|can't find", re.I)
"""Servers answer 550 to both missing and denied files. These words mean a missing file."""
_LINE = re.compile(r"([-dl])\S{9,10}\s+\d+\s+\S+\s+\S+\s+(\d+)\s+\S+\s+\S+\s+\S+ (.+)")
_TRIES = 3
"""Attempts to find a file that is denied: another thread may have just created it."""
_FULL = ("452", "552")


class Ftp(Backend):
    """A folder of an FTP server, over one connection."""

    def __init__(self, fs: FileSystem, root: str) -> None:
        super().__init__(fs, root)
        self._ftp: ftplib.FTP = fs.ftp  # type: ignore[attr-defined]
        self._has_mlst: bool | None = None

    @property
    def can_rename(self) -> bool:
        return True

    def find(self, path: str) -> Entry | None:
        with translated():
            return self._find(self.full(path))

    def entries(self, folder: str) -> Iterator[Entry]:
        full = self.full(folder)
        with translated():
            for _ in range(_TRIES):
                with suppress(ftplib.error_perm):
                    return iter(self._list(full))
                if self._find(full) is None:
                    return iter(())
        raise PermissionError(folder)

    def make_folder(self, folder: str) -> None:
        with translated():
            self._make(self.full(folder))

    def upload(self, local: Path, path: str) -> None:
        with translated(), local.open("rb") as reader:
            self._ftp.storbinary(f"STOR {self.full(path)}", reader, _BLOCK)

    def open(self, path: str) -> IO[bytes]:
        full = self.full(path)
        with translated():
            self._ftp.voidcmd("TYPE I")
            try:
                connection = self._ftp.transfercmd(f"RETR {full}")
            except ftplib.error_perm:
                if self._find(full) is None:
                    raise FileNotFoundError(path) from None
                raise
            return io.BufferedReader(Download(self._ftp, connection), _BLOCK)

    def rename(self, old: str, new: str, *, replace: bool = True) -> bool:  # noqa: ARG002 - FTP has no such choice
        with translated():
            self._ftp.rename(self.full(old), self.full(new))
        return False

    def copy(self, old: str, new: str) -> None:
        raise NotImplementedError

    def remove(self, path: str) -> None:
        full = self.full(path)
        with translated():
            try:
                self._ftp.delete(full)
            except ftplib.error_perm:
                if self._find(full) is not None:
                    raise

    def close(self) -> None:
        self._ftp.close()

    def _find(self, full: str) -> Entry | None:
        if full == "/":
            return Entry(full, is_file=False, is_folder=True, size=None)
        for _ in range(_TRIES):
            try:
                return self._by_mlst(full) if self._knows_mlst() else self._by_size(full)
            except ftplib.error_perm as error:
                # The server may also mean that access is denied.
                if _MISSING.search(str(error)) or not self._may_be_there(full):
                    return None
        raise PermissionError(full)

    def _may_be_there(self, full: str) -> bool:
        """Whether the parent folder lists it, or exists and cannot be listed."""
        above, _, name = full.rpartition("/")
        try:
            return any(entry.name.rpartition("/")[2] == name for entry in self._list(above or "/"))
        except ftplib.error_perm:
            return self._find(above or "/") is not None

    def _knows_mlst(self) -> bool:
        if self._has_mlst is None:
            self._has_mlst = False
            with suppress(ftplib.error_perm):
                self._has_mlst = re.search(r"^ *MLST\b", self._ftp.sendcmd("FEAT"), re.M | re.I) is not None
        return self._has_mlst

    def _by_mlst(self, full: str) -> Entry:
        for line in self._ftp.sendcmd(f"MLST {full}").splitlines()[1:-1]:
            facts, separator, _ = line.strip().partition(" ")
            if separator:
                known = dict(fact.lower().partition("=")[::2] for fact in facts.split(";") if fact)
                return _entry(full, known)
        raise ServerFailed("the server sent a malformed response to MLST")

    def _by_size(self, full: str) -> Entry:
        self._ftp.voidcmd("TYPE I")
        with suppress(ftplib.error_perm):
            size = self._ftp.size(full)
            return Entry(full, is_file=True, is_folder=False, size=size)
        self._ftp.voidcmd(f"CWD {full}")
        return Entry(full, is_file=False, is_folder=True, size=None)

    def _list(self, full: str) -> list[Entry]:
        begin = "" if full == "/" else full
        if self._knows_mlst():
            listed = [(name, facts) for name, facts in self._ftp.mlsd(full) if name not in (".", "..")]
            return [
                _entry(f"{begin}/{name}", facts)
                for name, facts in listed
                if facts.get("type", "").lower() not in ("cdir", "pdir")
            ]
        self._ftp.voidcmd(f"CWD {full}")
        lines: list[str] = []
        self._ftp.retrlines("LIST", lines.append)
        return [_listed(begin, line) for line in lines if line.strip() and not line.startswith("total ")]

    def _make(self, full: str) -> None:
        """Create a folder. The parent is created only if this fails: it usually exists."""
        try:
            self._ftp.mkd(full)
        except ftplib.error_perm:
            found = self._find(full)
            if found is not None:
                if found.is_folder:
                    return
                raise NotADirectoryError(full) from None
            above = full.rpartition("/")[0]
            if not above or self._find(above) is not None:
                raise
            self._make(above)
            self._ftp.mkd(full)


class Download(io.RawIOBase):
    """The body of a download. Closing it before its end closes the connection too, and raises."""

    def __init__(self, ftp: ftplib.FTP, connection: socket.socket) -> None:
        self._ftp = ftp
        self._connection = connection
        self._is_done = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if self._is_done:
            return 0
        with translated():
            count = self._connection.recv_into(buffer)
            if not count:
                self._is_done = True
                self._connection.close()
                self._ftp.voidresp()  # reports whether the transfer was complete
        return count

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        if not self._is_done:
            self._connection.close()
            self._ftp.close()
            raise ConnectionAbortedError("the download was not read to its end")


@contextmanager
def translated() -> Iterator[None]:
    """Turn exceptions of ftplib into errors with a reason."""
    try:
        yield
    except ftplib.Error as error:
        raise _translated(str(error)) from error
    except EOFError as error:
        raise ConnectionResetError("the server closed the connection") from error


def _translated(text: str) -> Exception:
    code, words = text[:3], " ".join(text[3:].split())
    if code in ("530", "532"):
        return Refused(
            f"login failed: {code} {words}",
            f"check {PREFIX}PASSWORD and the user in the URL of the storage",
        )
    if code in _FULL or re.search(r"no space|quota|disk full", words, re.I):
        return OSError(errno.ENOSPC, words)
    if code == "421":
        return ConnectionError(f"the server accepts no more connections: {words}")
    if code == "550":
        return Refused(
            f"the server refuses the operation: {code} {words}",
            "give the user that mhsync logs in as the right to read and write there",
        )
    if code == "553":
        return Refused(f"the server refuses the name: {words}", "give it another path in the manifest")
    return ServerFailed(f"the server answered {code} {words}")


def _entry(full: str, facts: dict[str, Any]) -> Entry:
    kind = str(facts.get("type", "")).lower()
    size = str(facts.get("size", ""))
    return Entry(
        full,
        is_file=kind == "file",
        is_folder=kind in ("dir", "cdir", "pdir"),
        size=int(size) if kind == "file" and size.isascii() and size.isdigit() else None,
    )


def _listed(begin: str, line: str) -> Entry:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ServerFailed("the listing of the server cannot be read: MLSD is missing, and it is not like `ls -l`")
    kind, size, name = match.groups()
    if kind == "l":
        name = name.partition(" -> ")[0]
    return Entry(
        f"{begin}/{name}", is_file=kind == "-", is_folder=kind == "d", size=int(size) if kind == "-" else None
    )
