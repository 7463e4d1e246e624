"""What a server refuses, and a connection that breaks, as errors of mhsync: one line, and one of what to do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mhsync import StorageError, StorageNotFound
from mhsync.storage_kit import printable
from mhsync_sftp.wire import Lost, Refused, Status

_BAD_MESSAGE = 5
_NO_SPACE, _QUOTA, _EXISTS = 14, 15, 11
_WORDS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        Status.NO_SUCH_FILE: ("it is not there", "see what else changes files there, then run it again"),
        Status.PERMISSION_DENIED: (
            "permission denied",
            "give the user of the URL the right to read and write there",
        ),
        Status.OP_UNSUPPORTED: ("the server cannot do that", "see which SFTP server it is, and its settings"),
        _BAD_MESSAGE: ("the server refuses the name", "give it a shorter or plainer path in the manifest"),
        _NO_SPACE: ("the disk is full", "free some space there, then run it again"),
        _QUOTA: ("the quota is used up", "free some space there, then run it again"),
    }
)
_HINT = "look at the room left there, at the folder's rights, and at the server's log"
_LOST_HINT = "see that the server and the way to it are well, then run it again"


class InTheWay(Exception):
    """What stands under a path is not what must be there."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


LINK = ("a symbolic link is in the way", "mhsync follows none inside a storage: put a real file or folder there")
FOLDER = ("a folder stands there", "move the folder away, or choose another path in the manifest")
FILE = ("a file stands where a folder must be", "move the file away, or choose another path in the manifest")


def told(doing: str, place: str, error: Exception) -> StorageError:
    """The error of mhsync for what a session raised.

    Args:
        doing: what was tried, as it follows "cannot".
        place: the URL of the file or folder.
    """
    start = f"cannot {doing} {printable(place)}"
    if isinstance(error, InTheWay):
        return StorageError(f"{start}: {error.what}", hint=error.hint)
    if isinstance(error, Refused):
        said = " ".join(printable(error.text).split())[:200] or f"status {error.status}"
        what, hint = _WORDS.get(error.status, (f"the server says: {said}", _HINT))
        return StorageError(f"{start}: {what}", hint=hint)
    assert isinstance(error, Lost), "a session raises nothing else"
    return StorageError(f"{start}: the connection was lost: {printable(str(error))}", hint=_LOST_HINT)


def not_found(place: str) -> StorageNotFound:
    return StorageNotFound(f"there is no file {printable(place)}")
