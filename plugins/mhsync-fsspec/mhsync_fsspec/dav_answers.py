"""What a WebDAV server answers: its errors as exceptions, its listings as entries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from mhsync_fsspec.backend import Entry
from mhsync_fsspec.failures import Refused, ServerFailed
from mhsync_fsspec.versions import version_token

PROPFIND = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<propfind xmlns="DAV:"><prop>'
    b"<resourcetype/><getcontentlength/><getlastmodified/><getetag/>"
    b"</prop></propfind>"
)
"""Asks for what is used, and no more."""
_OK, _MULTI_STATUS = 200, 207
_REDIRECTS = (301, 302, 307, 308)
_GOOD = re.compile(r"\S+\s+2\d\d\b")
_WORDS = {
    401: (
        "the server answered 401: the user or the password is wrong",
        "set MHSYNC_FSSPEC_PASSWORD, and MHSYNC_FSSPEC_FOR to this server; see that the URL names the right user",
    ),
    405: (
        "the server answered 405: it does not speak WebDAV there",
        "look at the path of the storage's URL; the server's documentation says which one is for WebDAV",
    ),
    411: (
        "the server answered 411: it wants another way of uploading",
        "this server cannot be used; choose another storage",
    ),
    413: (
        "the server answered 413: the file is larger than it takes",
        "raise the server's limit for uploads (nginx: client_max_body_size, Apache: LimitRequestBody)",
    ),
    423: ("the server answered 423: the file is locked by another program", "close it there, then run it again"),
    507: ("there is no room left on the server", "free some there, then run it again"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One resource of a listing. `path` is the whole path on the server, without a slash at its end."""

    path: str
    is_folder: bool
    size: int | None
    version: str | None = None


def check(response: Any, path: str) -> None:
    """See that a request was answered as done.

    Raises:
        FileNotFoundError: there is nothing under the path.
        FileExistsError: something is there that was not to be replaced.
        PermissionError: the server does not allow it.
        Refused: the server refuses it for another reason.
        OSError: the server failed.
    """
    status: int = response.status_code
    if 200 <= status < 300 and status != _MULTI_STATUS:
        return
    if status == _MULTI_STATUS:
        # For every method but PROPFIND this tells of parts that failed.
        raise ServerFailed("the server did only a part of it (207)")
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
        where = urlsplit(response.headers.get("location", ""))._replace(query="", fragment="").geturl()
        raise Refused(
            f"the server answered {status}, and redirects to {where or 'nowhere'}",
            "write the address that the server redirects to into the storage's URL, if you trust it",
        )
    words = f"the server answered {status} {response.reason_phrase}".rstrip()
    if 400 <= status < 500 and status not in (408, 429):
        raise Refused(words, "look at the URL, and into the server's log")
    raise ServerFailed(words)


def check_is_file(response: Any, path: str) -> None:
    """See that a GET was answered with a whole file, as it is.

    Raises:
        FileNotFoundError: there is no file under the path.
        Exception: as of `check`.
    """
    if adds_a_slash(response):
        raise FileNotFoundError(path)
    if response.status_code != _OK or "content-encoding" in response.headers:
        check(response, path)
        raise ServerFailed(f"the server answered {response.status_code} with something else than the file")


def adds_a_slash(response: Any) -> bool:
    """Whether a server redirects to the same address with a slash at its end: a folder stands there."""
    if response.status_code not in _REDIRECTS:
        return False
    asked = response.request.url
    there = urlsplit(response.headers.get("location", ""))
    # Where it redirects to is not followed: the address that was asked is asked again, with its slash.
    is_here = not there.netloc or there.hostname == asked.host
    return is_here and not there.query and unquote(there.path) == f"{unquote(asked.path)}/"


def listed(response: Any, path: str) -> list[Found]:
    """What a PROPFIND tells.

    Raises:
        OSError: it cannot be understood, or tells of something that it could not look at.
    """
    if response.status_code != _MULTI_STATUS:
        check(response, path)
        raise Refused(
            f"the server answered {response.status_code}, which is no answer of WebDAV",
            "look at the path of the storage's URL; the server's documentation says which one is for WebDAV",
        )
    try:
        tree = ElementTree.fromstring(response.content)  # noqa: S314 - expat bounds entities, and no files are read
    except ElementTree.ParseError:
        raise ServerFailed("the server's listing is no XML") from None
    now = _seconds(response.headers.get("date"))
    return [_found(one, now) for one in tree.iterfind("{DAV:}response")]


def itself(found: list[Found], path: str) -> Found:
    """What a PROPFIND says of the path that was asked.

    Raises:
        OSError: it says nothing of it.
    """
    for one in found:
        if one.path == path:
            return one
    if len(found) == 1:
        return found[0]
    raise ServerFailed(
        "the server's listing does not name what was asked for: is it behind a proxy that changes paths?"
    )


def below(found: list[Found], folder: str) -> Iterator[Entry]:
    """What a PROPFIND says of what lies right in a folder.

    Raises:
        OSError: it tells of something that lies elsewhere.
    """
    itself(found, folder)
    for one in found:
        if one.path == folder:
            continue
        head, _, name = one.path.rpartition("/")
        if head != folder or not name:
            raise ServerFailed("the server's listing names files that lie elsewhere")
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
    raise ServerFailed(f"the server could not look at {path.rpartition('/')[2]}: {status.strip()}")


def _seconds(text: str | None) -> float | None:
    """A date of HTTP in seconds since 1970; None if it is missing or not in UTC."""
    try:
        time = parsedate_to_datetime(text or "")
        return None if time.tzinfo is None else time.timestamp()
    except (ValueError, OverflowError):
        return None
