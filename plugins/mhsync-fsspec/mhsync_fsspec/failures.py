"""What file systems raise, as errors of mhsync: one line without secrets, and one of what to do."""

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
"""Shorter values stand in half of all words."""
_NOT_LET_IN = re.compile(r"\b(received|answered) 401\b|\b401\W+unauthori[sz]ed", re.I)
_AGAIN = "see that the server and the way to it are well, then run it again"

_LOGIN = f"see that {PREFIX}PASSWORD and the user are right, and that {MEANT_FOR} names this server"

_ROOM = ("there is no room left", "free some there, then run it again")
_DENIED = ("permission denied", "give the user that mhsync logs in as the right to read and write there")
_BY_NUMBER = {
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.ENOENT: ("it is not there", "see what else changes files there, then run it again"),
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.ENAMETOOLONG: ("the name is too long", "give it a shorter path in the manifest"),
}


class NotWhole(Exception):
    """A file is not there, or not as long as it must be."""


class Refused(Exception):
    """The server refuses it, for a reason that is known.

    Args:
        what: what happened, as it stands behind a colon.
        hint: what to do.
    """

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class ServerFailed(OSError):
    """The server failed, in words that can be shown as they are; it may do better the next time."""

    hint = _AGAIN

    @property
    def what(self) -> str:
        return str(self)


def is_missing(error: Exception) -> bool:
    """Whether the error says that nothing is there; some libraries raise a plain `OSError` with the number."""
    kinds = (FileNotFoundError, NotADirectoryError)
    return isinstance(error, kinds) or (
        isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ENOTDIR)
    )


def is_answer(error: Exception) -> bool:
    """Whether the error is an answer, which would be the same the next time, and no broken connection."""
    kinds = (FileNotFoundError, PermissionError, FileExistsError, IsADirectoryError, NotADirectoryError)
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG)
    mistakes = (NotImplementedError, StorageError, Refused, TypeError, AttributeError)
    return is_full or is_missing(error) or isinstance(error, (*kinds, *mistakes))


def told(doing: str, place: str, error: Exception, secrets: Iterable[str] = ()) -> StorageError:
    """The error of mhsync for what a file system raised.

    Args:
        doing: what was tried, as it follows "cannot".
        place: the URL of the file or folder.
        secrets: values that must not be shown.
    """
    if isinstance(error, StorageError):
        return error
    what, hint = _words(error, secrets)
    return StorageError(f"cannot {doing} {printable(place)}: {what}", hint=hint)


def not_opened(name: str, error: Exception, secrets: Iterable[str] = ()) -> StorageError:
    """The error for a file system that could not be opened; arguments as of `told`."""
    if isinstance(error, StorageError):
        return error
    what, hint = _words(error, secrets)
    if hint == _AGAIN:
        hint = "look at the URL, the storage_options and the credentials in the environment"
    return StorageUnavailable(f"cannot open {printable(name)}: {what}", hint=hint)


def not_found(place: str) -> StorageNotFound:
    return StorageNotFound(f"there is no file {printable(place)}")


def _words(error: Exception, secrets: Iterable[str]) -> tuple[str, str]:
    match error:
        case Refused() | ServerFailed():
            return printable(error.what), error.hint
        case NotWhole():
            return str(error), "look at the room left there, then run it again"
        case PermissionError():
            return _BY_NUMBER[errno.EACCES]
        case FileNotFoundError():
            return _BY_NUMBER[errno.ENOENT]
        case IsADirectoryError():
            return "a folder stands there", "move it away, or choose another path in the manifest"
        case NotADirectoryError():
            return "a file stands where a folder must be", "move it away, or choose another path in the manifest"
        case FileExistsError():
            return "something is there already", "see what else changes files there, then run it again"
        case NotImplementedError():
            return "this file system cannot do that", "choose one that can be written to and renamed in"
        case OSError(errno=int(number)) if number in _BY_NUMBER:
            return _BY_NUMBER[number]
    for cause in _causes(error):
        if words := _connection_words(cause):
            return words
    text = line(error, secrets)
    return text, _LOGIN if _NOT_LET_IN.search(text) else _AGAIN


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it came of; libraries wrap what the network says."""
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
                "nothing answers there (connection refused)",
                "see that the server runs, and look at host and port",
            )
        case socket.gaierror():
            return "its host is not known", "look at the host in the storage's URL"
        case ssl.SSLCertVerificationError():
            return (
                f"its certificate is not trusted: {line(error)}",
                "let the server have a certificate that this machine trusts (SSL_CERT_FILE names others)",
            )
        case ConnectionError():
            return "the connection broke", _AGAIN
        case TimeoutError():
            return "no answer in time", _AGAIN
    if type(error).__name__ in ("ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout"):  # httpx's
        return "no answer in time", _AGAIN
    return None


def line(error: Exception, secrets: Iterable[str] = ()) -> str:
    """A foreign exception on one line: its kind and its words, without secrets and without queries of links."""
    known = [secret for secret in secrets if len(secret) >= _SECRET_MIN]
    text = redact(" ".join(str(error).split()), known)
    name = type(error).__name__
    return printable(f"{name}: {text}" if text else name)[:_TEXT_MAX]
