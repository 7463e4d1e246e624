"""The file host: outputs under signed links that expire, with support for ranges."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote

from mhsync.core.project import format_time
from mhsync.dataclass import dataclass
from mhsync.sandbox.account import Account, quoted
from mhsync.sandbox.wav import Wav
from mhsync.sandbox.wire import Headers, HttpResponse, Request

LIFETIME = 24 * 3600.0
"""Seconds until a link expires."""
_ALLOWED = ("GET", "HEAD")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs paths and checks signatures.

    Args:
        secret: the key of the signatures.
        lifetime: seconds until a link expires.
        clock: seconds since 1970.
    """

    secret: bytes = field(repr=False)
    lifetime: float = LIFETIME
    clock: Callable[[], float] = time.time

    def sign(self, path: str) -> tuple[str, str]:
        """The path with its signed query, and the time at which it expires."""
        # Milliseconds, so that links can expire in less than a second.
        expires = round((self.clock() + self.lifetime) * 1000)
        moment = datetime.fromtimestamp(expires / 1000, UTC)
        query = f"expires={expires}&signature={self._signature(path, expires)}"
        return f"{quoted(path)}?{query}", format_time(moment)

    def allows(self, request: Request) -> bool:
        """Whether the link has a valid signature and has not expired."""
        query = parse_qs(request.query)
        expires, signature = (query.get(name, [""])[0] for name in ("expires", "signature"))
        if not (expires.isascii() and expires.isdecimal() and len(expires) < 20 and signature.isascii()):
            return False
        expected = self._signature(request.path, int(expires))
        return hmac.compare_digest(signature, expected) and self.clock() * 1000 < int(expires)

    def _signature(self, path: str, expires: int) -> str:
        return hmac.new(self.secret, f"{expires}:{quoted(path)}".encode(), hashlib.sha256).hexdigest()


class FileHost:
    """Answers requests for outputs from an account.

    Args:
        key: the API key, which must never come here.
    """

    def __init__(self, account: Account, key: str, signer: Signer) -> None:
        self._account = account
        self._key = key
        self._signer = signer

    def answer(self, request: Request) -> HttpResponse:
        """The honest answer."""
        if self.has_secret(request):
            return _refusal(400, "KeyRefused")
        if request.method not in _ALLOWED:
            return _refusal(405, "MethodNotAllowed", (("Allow", ", ".join(_ALLOWED)),))
        if not self._signer.allows(request):
            return _refusal(403, "AccessDenied")
        output = self._account.output(*output_of(request))
        if output is None:
            return _refusal(404, "NoSuchKey")
        return _content(output.audio, request)

    def has_secret(self, request: Request) -> bool:
        """Whether the request brings the API key, or any other authorization, where it does not belong."""
        return "authorization" in request.headers or carries(request, self._key)


def output_of(request: Request) -> tuple[str, str]:
    """The project's id, and the path of the output below it, as it stands in the URL."""
    id, _, path = request.path.removeprefix("/").partition("/")
    return id, path


def carries(request: Request, key: str) -> bool:
    """Whether any header or the URL of a request contains the key."""
    return any(key in value for value in request.headers.values()) or key in unquote(request.target)


def _refusal(status: int, code: str, headers: Headers = ()) -> HttpResponse:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code></Error>\n'
    return HttpResponse.of_bytes(status, "application/xml", body.encode(), headers)


def _content(audio: Wav, request: Request) -> HttpResponse:
    headers = (("Content-Type", "audio/wav"), ("Accept-Ranges", "bytes"), ("ETag", audio.etag))
    part = _part(request.headers, audio)
    if part is None:
        return HttpResponse(200, headers, audio.read(), audio.size)
    start, stop = part
    if start >= stop:
        return _refusal(416, "InvalidRange", (("Content-Range", f"bytes */{audio.size}"),))
    where = ("Content-Range", f"bytes {start}-{stop - 1}/{audio.size}")
    return HttpResponse(206, (*headers, where), audio.read(start, stop), stop - start)


def _part(headers: Mapping[str, str], audio: Wav) -> tuple[int, int] | None:
    """The requested range: None for the whole file, an empty range if it cannot be satisfied."""
    wanted = _RANGE.fullmatch(headers.get("range", ""))
    if wanted is None or wanted.group() == "bytes=-" or headers.get("if-range", audio.etag) != audio.etag:
        return None
    first, last = wanted.groups()
    if not first:
        return max(0, audio.size - int(last)), audio.size
    if last and int(last) < int(first):
        return None
    return int(first), min(audio.size, int(last) + 1 if last else audio.size)
