"""Lists folders recursively. Many requests are sent ahead, so that the round trips of the folders overlap."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from mhsync_sftp.session import Session
from mhsync_sftp.wire import Attributes, Kind, ProtocolError, Reader, Refused, Status, string, text

_AHEAD = 32
"""Folders that are listed at once."""


class _Step(Enum):
    OPEN = 1
    READ = 2
    READ_MORE = 3


@dataclass(frozen=True, slots=True)
class _Visit:
    """A folder that is being listed."""

    folder: str
    step: _Step
    handle: bytes = b""


def walk(
    session: Session, start: str, full: Callable[[str], str], is_wanted: Callable[[str], bool]
) -> list[tuple[str, Attributes]]:
    """All regular files below a folder. Links and special files are left out.

    Args:
        start: the folder, as a path of the storage; "" is the storage itself. A folder that does not exist is
            empty.
        full: converts a path of the storage to a path on the server.
        is_wanted: whether to list a folder.

    Raises:
        Refused: a folder could not be listed. The session is closed then, since responses are outstanding.
    """
    try:
        return list(_walk(session, start, full, is_wanted))
    except Refused:
        session.close()
        raise


def _walk(
    session: Session, start: str, full: Callable[[str], str], is_wanted: Callable[[str], bool]
) -> Iterator[tuple[str, Attributes]]:
    waiting = deque([start])
    visits: dict[int, _Visit] = {}
    while waiting or visits:
        while waiting and len(visits) < _AHEAD:
            folder = waiting.popleft()
            visits[session.send(Kind.OPENDIR, text(full(folder)))] = _Visit(folder, _Step.OPEN)
        request = session.next_response()
        visit = visits.pop(request)
        if visit.step is _Step.OPEN:
            handle = _opened(session, request)
            if handle is None:
                continue  # it was removed after it was listed
        else:
            handle = visit.handle
            try:
                entries = _read(session, request)
            except Refused as error:
                if not _is_missing(session, visit, full(visit.folder), error):
                    raise
                entries = None
            if entries is None:
                session.forget(session.send(Kind.CLOSE, string(handle)))
                continue
            for name, seen in entries:
                path = f"{visit.folder}/{name}" if visit.folder else name
                attributes = seen if seen.mode is not None else session.find(full(path)) or seen
                if attributes.is_folder and is_wanted(path):
                    waiting.append(path)
                elif attributes.is_file:
                    yield path, attributes
        step = _Step.READ if visit.step is _Step.OPEN else _Step.READ_MORE
        visits[session.send(Kind.READDIR, string(handle))] = _Visit(visit.folder, step, handle)


def _opened(session: Session, request: int) -> bytes | None:
    try:
        return session.response(request, Kind.HANDLE).string()
    except Refused as error:
        if error.status == Status.NO_SUCH_FILE:
            return None
        raise


def _is_missing(session: Session, visit: _Visit, full: str, error: Refused) -> bool:
    """Whether the first READDIR failed because the folder does not exist.

    The server of asyncssh opens any folder, and reports a missing one at the first READDIR. A listing that fails
    later is incomplete, and is an error.
    """
    is_first = visit.step is _Step.READ
    return is_first and error.status == Status.NO_SUCH_FILE and session.find(full) is None


def _read(session: Session, request: int) -> list[tuple[str, Attributes]] | None:
    """The next entries of a folder, or None at its end."""
    try:
        reader = session.response(request, Kind.NAME)
    except Refused as error:
        if error.status == Status.EOF:
            return None
        raise
    return [entry for entry in _entries(reader) if entry[0] not in (".", "..")]


def _entries(reader: Reader) -> Iterator[tuple[str, Attributes]]:
    for _ in range(reader.number()):
        name = reader.text()
        reader.string()
        if "/" in name or not name:
            raise ProtocolError("the server listed an invalid file name")
        yield name, reader.attributes()
