"""What file systems raise, as errors of mhsync: one line without secrets, and one of what to do."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable

from mhsync import StorageError, StorageNotFound
from mhsync_fsspec.options import PREFIX
from mhsync_fsspec.target import MEANT_FOR

_QUERY = re.compile(r"(\w+://[^\s?#'\"]+)[?#][^\s'\"]*")
_USER = re.compile(r"(\w+://)[^\s/@'\"]*:[^\s/@'\"]*@")
_TEXT_MAX = 200
_SECRET_MIN = 4
"""Shorter values stand in half of all words."""
_NOT_LET_IN = re.compile(r"\b(received|answered) 401\b|\b401\W+unauthori[sz]ed", re.I)
_AGAIN = "see that the server and the way to it are well, then run it again"

_LOGIN = f"see that {PREFIX}PASSWORD and the user are right, and that {MEANT_FOR} names this server"


class NotWhole(Exception):
    """A file is not there, or not as long as it must be."""


def is_answer(error: Exception) -> bool:
    """Whether the error is an answer, which would be the same the next time, and no broken connection."""
    kinds = (FileNotFoundError, PermissionError, FileExistsError, IsADirectoryError, NotADirectoryError)
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG)
    return is_full or isinstance(error, (*kinds, NotImplementedError, StorageError, TypeError, AttributeError))


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
    return StorageError(f"cannot {doing} {shown(place)}: {what}", hint=hint)


def not_found(place: str) -> StorageNotFound:
    return StorageNotFound(f"there is no file {shown(place)}")


def _words(error: Exception, secrets: Iterable[str]) -> tuple[str, str]:
    match error:
        case NotWhole():
            return str(error), "look at the room left there, then run it again"
        case PermissionError():
            return "permission denied", "give the user that mhsync logs in as the right to read and write there"
        case FileNotFoundError():
            return "it is not there", "see what else changes files there, then run it again"
        case IsADirectoryError():
            return "a folder stands there", "move it away, or choose another path in the manifest"
        case NotADirectoryError():
            return "a file stands where a folder must be", "move it away, or choose another path in the manifest"
        case NotImplementedError():
            return "this file system cannot do that", "choose one that can be written to and renamed in"
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return "there is no room left", "free some there, then run it again"
        case OSError(errno=errno.ENAMETOOLONG):
            return "the name is too long", "give it a shorter path in the manifest"
        case TimeoutError():
            return "no answer in time", _AGAIN
    text = line(error, secrets)
    return text, _LOGIN if _NOT_LET_IN.search(text) else _AGAIN


def line(error: Exception, secrets: Iterable[str] = ()) -> str:
    """A foreign exception on one line: its kind and its words, without secrets and without queries of links."""
    text = str(error)
    for secret in secrets:
        if len(secret) >= _SECRET_MIN:
            text = text.replace(secret, "***")
    text = _USER.sub(r"\1***@", _QUERY.sub(r"\1", " ".join(text.split())))
    name = type(error).__name__
    return shown(f"{name}: {text}" if text else name)[:_TEXT_MAX]


def shown(text: str) -> str:
    """Text as it may stand in a message: on one line, and encodable."""
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in safe)
