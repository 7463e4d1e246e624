"""Responses of WebDAV servers: errors become exceptions, listings become entries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from mhsync.storage_kit import redact
from mhsync_fsspec.backend import Entry
from mhsync_fsspec.failures import Refused, ServerFailed
from mhsync_fsspec.versions import version_token

PROPFIND = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<propfind xmlns="DAV:"><prop>'
    b"<resourcetype/><getcontentlength/><getlastmodified/><getetag/>"
    b"</prop></propfind>"
)
"""A request for only those properties that are used."""
_OK, _MULTI_STATUS = 200, 207
_REDIRECTS = (301, 302, 307, 308)
_GOOD = re.compile(r"\S+\s+2\d\d\b")
_WORDS = {
    401: (
        "the server answered 401: the user or the password is wrong",
        "set MHSYNC_FSSPEC_PASSWORD, and MHSYNC_FSSPEC_FOR to this server; check the user in the URL",
    ),
    405: (
        "the server answered 405: this path does not support WebDAV",
        "check the path in the URL of the storage; the documentation of the server names the path for WebDAV",
    ),
    411: (
        "the server answered 411: it does not support this kind of upload",
        "this server is not supported; choose another storage",
    ),
    413: (
        "the server answered 413: the file is larger than the server accepts",
        "raise the upload limit of the server (nginx: client_max_body_size, Apache: LimitRequestBody)",
    ),
    423: (
        "the server answered 423: the file is locked by another program",
        "close the file there, then run the command again",
    ),
    507: ("the server has no space left", "free some space there, then run the command again"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One resource of a listing. `path` is the whole path on the server, without a slash at the end."""

    path: str
    is_folder: bool
    size: int | None
    version: str | None = None


def check(response: Any, path: str) -> None:
    """Check that the response reports success.

    Raises:
        FileNotFoundError: there is nothing under the path.
        FileExistsError: something is there that must not be replaced.
        PermissionError: the server does not allow the operation.
        Refused: the server refuses the operation for another reason.
        OSError: the server failed.
    """
    status: int = response.status_code
    if 200 <= status < 300 and status != _MULTI_STATUS:
        return
    if status == _MULTI_STATUS:
        # For all methods except PROPFIND this status reports that parts failed.
        raise ServerFailed("the server completed only a part of the operation (207)")
    match status:
        case 404 | 410:
            raise FileNotFoundError(path)
        case 412:
            raise FileExistsError(path)
        case 403:
            raise PermissionError(path)
    if status in _WORDS:
        what, hint = _WORDS[status]
        raise Refused(what, hint)
    if status in _REDIRECTS:
        where = redact(response.headers.get("location", ""))
        raise Refused(
            f"the server answered {status}, a redirect to {where or 'nowhere'}",
            "if you trust that address, write it into the URL of the storage",
        )
    words = f"the server answered {status} {response.reason_phrase}".rstrip()
    if 400 <= status < 500 and status not in (408, 429):
        raise Refused(words, "check the URL and the log of the server")
    raise ServerFailed(words)


def check_is_file(response: Any, path: str) -> None:
    """Check that the response to a GET contains the whole file, unchanged.

    Raises:
        FileNotFoundError: there is no file under the path.
        Exception: as `check` raises it.
    """
    if adds_a_slash(response):
        raise FileNotFoundError(path)
    if response.status_code != _OK or "content-encoding" in response.headers:
        check(response, path)
        raise ServerFailed(f"the server answered {response.status_code}, but did not send the unchanged file")


def adds_a_slash(response: Any) -> bool:
    """Whether the response redirects to the same address with a slash at the end, so that it is a folder."""
    if response.status_code not in _REDIRECTS:
        return False
    requested = response.request.url
    target = urlsplit(response.headers.get("location", ""))
    # The redirect itself is not followed. The caller adds the slash to the address that it requested.
    is_same_host = not target.netloc or target.hostname == requested.host
    return is_same_host and not target.query and unquote(target.path) == f"{unquote(requested.path)}/"


def listed(response: Any, path: str) -> list[Found]:
    """The resources in the response to a PROPFIND.

    Raises:
        OSError: the response is malformed, or reports a resource that the server could not read.
    """
    if response.status_code != _MULTI_STATUS:
        check(response, path)
        raise Refused(
            f"the server answered {response.status_code}, which is not a WebDAV response",
            "check the path in the URL of the storage; the documentation of the server names the path for WebDAV",
        )
    try:
        tree = ElementTree.fromstring(response.content)  # noqa: S314 - expat bounds entities, and no files are read
    except ElementTree.ParseError:
        raise ServerFailed("the listing of the server is not valid XML") from None
    now = _seconds(response.headers.get("date"))
    return [_found(one, now) for one in tree.iterfind("{DAV:}response")]


def itself(found: list[Found], path: str) -> Found:
    """The requested resource among those of a PROPFIND.

    Raises:
        OSError: it is not among them.
    """
    for one in found:
        if one.path == path:
            return one
    if len(found) == 1:
        return found[0]
    raise ServerFailed(
        "the listing of the server does not contain the requested path: is it behind a proxy that changes paths?"
    )


def below(found: list[Found], folder: str) -> Iterator[Entry]:
    """The entries of a folder in a PROPFIND.

    Raises:
        OSError: the response contains a resource of another folder.
    """
    itself(found, folder)
    for one in found:
        if one.path == folder:
            continue
        head, _, name = one.path.rpartition("/")
        if head != folder or not name:
            raise ServerFailed("the listing of the server contains files of another folder")
        yield entry(one)


def entry(found: Found) -> Entry:
    return Entry(found.path, not found.is_folder, found.is_folder, found.size, found.version)


def _found(response: ElementTree.Element, now: float | None) -> Found:
    href = (response.findtext("{DAV:}href") or "").strip()
    path = unquote(re.sub(r"^\w+://[^/]*", "", href)).rstrip("/")
    for propstat in response.iterfind("{DAV:}propstat"):
        status = propstat.findtext("{DAV:}status") or ""
        kind = propstat.find("{DAV:}prop/{DAV:}resourcetype")
        if _GOOD.match(status) and kind is not None:
            size, changed, etag = (
                (propstat.findtext(f"{{DAV:}}prop/{{DAV:}}{name}") or "").strip()
                for name in ("getcontentlength", "getlastmodified", "getetag")
            )
            is_folder = kind.find("{DAV:}collection") is not None
            # The ETags of most servers are made of size and time: without the time, they prove nothing.
            version = None if is_folder else version_token(_seconds(changed), now, size, changed, etag)
            return Found(path, is_folder, int(size) if size.isascii() and size.isdigit() else None, version)
    status = response.findtext("{DAV:}status") or response.findtext("{DAV:}propstat/{DAV:}status") or "no status"
    raise ServerFailed(f"the server could not read {path.rpartition('/')[2]}: {status.strip()}")


def _seconds(text: str | None) -> float | None:
    """A date of HTTP in seconds since 1970; None if it is missing or not in UTC."""
    try:
        time = parsedate_to_datetime(text or "")
        return None if time.tzinfo is None else time.timestamp()
    except (ValueError, OverflowError):
        return None
