"""Exceptions of file systems as errors of mhsync: one line without secrets, and one hint."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterable, Iterator

from mhsync import StorageError, StorageNotFound, StorageUnavailable
from mhsync.storage_kit import printable, redact
from mhsync_fsspec.options import PREFIX
from mhsync_fsspec.target import MEANT_FOR

_TEXT_MAX = 200
_SECRET_MIN = 4
"""The minimum length of a value that is masked. Shorter values occur in ordinary words."""
_LOGIN_FAILED = re.compile(r"\b(received|answered) 401\b|\b401\W+unauthori[sz]ed", re.I)
_AGAIN = "check the server and the connection to it, then run the command again"
_CHANGED = "check whether another program changes files there, then run the command again"
_LOGIN = f"check {PREFIX}PASSWORD and the user, and that {MEANT_FOR} names this server"

_FULL = ("there is no space left", "free some space there, then run the command again")
_DENIED = ("permission denied", "give the user that mhsync logs in as the right to read and write there")
_BY_NUMBER = {
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.ENOENT: ("not found", _CHANGED),
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.ENAMETOOLONG: ("the name is too long", "give it a shorter path in the manifest"),
}


class Incomplete(Exception):
    """A file is missing or has another size than the upload."""


class Refused(Exception):
    """The server refuses an operation for a known reason.

    Args:
        what: what happened, as the message has it after a colon.
        hint: what to do.
    """

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class ServerFailed(OSError):
    """The server failed, and a retry may succeed. The text contains no secret and can be shown."""

    hint = _AGAIN

    @property
    def what(self) -> str:
        return str(self)


def is_missing(error: Exception) -> bool:
    """Whether the error reports a missing file. Some libraries raise a plain `OSError` with the number."""
    kinds = (FileNotFoundError, NotADirectoryError)
    return isinstance(error, kinds) or (
        isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ENOTDIR)
    )


def is_final(error: Exception) -> bool:
    """Whether a retry would fail in the same way, which is not so for a broken connection."""
    kinds = (FileNotFoundError, PermissionError, FileExistsError, IsADirectoryError, NotADirectoryError)
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG)
    mistakes = (NotImplementedError, StorageError, Refused, TypeError, AttributeError)
    return is_full or is_missing(error) or isinstance(error, (*kinds, *mistakes))


def storage_error(doing: str, place: str, error: Exception, secrets: Iterable[str] = ()) -> StorageError:
    """The error of mhsync for an exception of a file system.

    Args:
        doing: the operation, as the message has it after "cannot".
        place: the URL of the file or folder.
        secrets: values that must not be shown.
    """
    if isinstance(error, StorageError):
        return error
    what, hint = _words(error, secrets)
    return StorageError(f"cannot {doing} {printable(place)}: {what}", hint=hint)


def not_opened(name: str, error: Exception, secrets: Iterable[str] = ()) -> StorageError:
    """The error of a file system that could not be opened. The arguments are those of `storage_error`."""
    if isinstance(error, StorageError):
        return error
    # What is missing here is a file of this machine, such as that of SSL_CERT_FILE, and not one of the storage.
    what, hint = (one_line(error, secrets), _AGAIN) if is_missing(error) else _words(error, secrets)
    if hint == _AGAIN:
        hint = "check the URL, the storage_options, and the credentials and SSL_CERT_FILE in the environment"
    return StorageUnavailable(f"cannot open {printable(name)}: {what}", hint=hint)


def not_found(place: str) -> StorageNotFound:
    return StorageNotFound(f"there is no file {printable(place)}")


def _words(error: Exception, secrets: Iterable[str]) -> tuple[str, str]:
    match error:
        case Refused() | ServerFailed():
            return printable(error.what), error.hint
        case Incomplete():
            return str(error), "check the free space there, then run the command again"
        case PermissionError():
            return _BY_NUMBER[errno.EACCES]
        case FileNotFoundError():
            return _BY_NUMBER[errno.ENOENT]
        case IsADirectoryError():
            return "there is a folder with this path", "move it away, or choose another path in the manifest"
        case NotADirectoryError():
            return "a part of the path is a file", "move it away, or choose another path in the manifest"
        case FileExistsError():
            return "the path is already taken", _CHANGED
        case NotImplementedError():
            return "this file system does not support the operation", "choose one that can write and rename files"
        case OSError(errno=int(number)) if number in _BY_NUMBER:
            return _BY_NUMBER[number]
    for cause in _causes(error):
        if words := _connection_words(cause):
            return words
    text = one_line(error, secrets)
    return text, _LOGIN if _LOGIN_FAILED.search(text) else _AGAIN


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes. Libraries wrap errors of the network."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _connection_words(error: BaseException) -> tuple[str, str] | None:
    match error:
        case ConnectionRefusedError():
            return (
                "connection refused",
                "check that the server runs, and the host and port in the URL",
            )
        case socket.gaierror():
            return "the host name cannot be resolved", "check the host in the URL of the storage"
        case ssl.SSLCertVerificationError():
            return (
                f"the certificate of the server is not trusted: {one_line(error)}",
                "use a certificate that this machine trusts, or name its authority in SSL_CERT_FILE",
            )
        case ConnectionError():
            return "the connection was lost", _AGAIN
        case TimeoutError():
            return "the server did not answer in time", _AGAIN
    if type(error).__name__ in ("ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout"):  # of httpx
        return "the server did not answer in time", _AGAIN
    return None


def one_line(error: Exception, secrets: Iterable[str] = ()) -> str:
    """An exception of a library on one line: its class and its text, without secrets and queries of URLs."""
    known = [secret for secret in secrets if len(secret) >= _SECRET_MIN]
    text = redact(" ".join(str(error).split()), known)
    name = type(error).__name__
    return printable(f"{name}: {text}" if text else name)[:_TEXT_MAX]
