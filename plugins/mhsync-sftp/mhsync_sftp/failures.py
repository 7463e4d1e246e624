"""Translates refused requests and lost connections into errors of mhsync."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mhsync import StorageError, StorageNotFound
from mhsync.storage_kit import printable
from mhsync_sftp.wire import ConnectionLost, Refused, Status

_BAD_MESSAGE = 5
_NO_SPACE, _QUOTA, _EXISTS = 14, 15, 11
_MESSAGES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        Status.NO_SUCH_FILE: (
            "it does not exist",
            "check whether another program changes files there, then run it again",
        ),
        Status.PERMISSION_DENIED: (
            "permission denied",
            "give the user in the URL read and write permission there",
        ),
        Status.OP_UNSUPPORTED: (
            "the server does not support the operation",
            "check the configuration of the SFTP server",
        ),
        _BAD_MESSAGE: (
            "the server refuses the name",
            "choose a shorter path or plainer characters in the manifest",
        ),
        _NO_SPACE: ("the disk is full", "free space on the server, then run it again"),
        _QUOTA: ("the quota is exceeded", "free space on the server, then run it again"),
    }
)
_HINT = "check the free space, the permissions of the folder, and the server's log"
_LOST_HINT = "check the server and the network, then run it again"


class PathBlocked(Exception):
    """An entry of another type is at a path, or on the way to it."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


LINK = ("there is a symbolic link", "mhsync follows no links inside a storage: replace it with a file or a folder")
FOLDER = ("there is a folder", "move the folder away, or choose another path in the manifest")
FILE = ("there is a file in place of a folder", "move the file away, or choose another path in the manifest")


def storage_error(doing: str, url: str, error: Exception) -> StorageError:
    """The error of mhsync for an exception of a session.

    Args:
        doing: the operation, as it follows "cannot" in the message.
        url: of the file or folder.
    """
    start = f"cannot {doing} {printable(url)}"
    if isinstance(error, PathBlocked):
        return StorageError(f"{start}: {error.what}", hint=error.hint)
    if isinstance(error, Refused):
        reason = " ".join(printable(error.text).split())[:200] or f"status {error.status}"
        what, hint = _MESSAGES.get(error.status, (f"the server refused the request: {reason}", _HINT))
        return StorageError(f"{start}: {what}", hint=hint)
    assert isinstance(error, ConnectionLost), "a session raises no other exception"
    return StorageError(f"{start}: the connection was lost: {printable(str(error))}", hint=_LOST_HINT)


def not_found(url: str) -> StorageNotFound:
    return StorageNotFound(f"there is no file {printable(url)}")
