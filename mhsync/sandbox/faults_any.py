"""Faults for both hosts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import field, replace
from email.utils import formatdate
from itertools import chain

from mhsync.dataclass import dataclass
from mhsync.sandbox.fault_context import FaultContext
from mhsync.sandbox.wire import Ending, Framing, Headers, HttpResponse, filler


@dataclass(frozen=True, slots=True)
class Status:
    """A response with this status; the request is not carried out.

    `retry_after` is sent in seconds, `retry_after_date` as a date that many seconds from now.
    """

    status: int
    message: str | None = None
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: int | None = None
    retry_after_date: int | None = None

    def apply(self, _: FaultContext) -> HttpResponse:
        headers: Headers = tuple(self.headers.items())
        if self.retry_after is not None:
            headers += (("Retry-After", str(self.retry_after)),)
        if self.retry_after_date is not None:
            headers += (("Retry-After", formatdate(time.time() + self.retry_after_date, usegmt=True)),)
        if self.body is None:
            return HttpResponse.message(self.status, self.message, headers)
        return HttpResponse.of_bytes(self.status, "text/plain; charset=utf-8", self.body.encode(), headers)


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset without a response; the request is not carried out."""

    def apply(self, _: FaultContext) -> HttpResponse:
        return HttpResponse(500, is_silent=True, ending=Ending.RESET)


@dataclass(frozen=True, slots=True)
class Lost:
    """The request is carried out, and the connection is reset without a response."""

    def apply(self, context: FaultContext) -> HttpResponse:
        return replace(context.real_response(), is_silent=True, ending=Ending.RESET)


@dataclass(frozen=True, slots=True)
class Cut:
    """The body ends after `bytes` (default: half of it); the connection is closed, with `reset` by a reset."""

    bytes: int | None = None
    reset: bool = False

    def apply(self, context: FaultContext) -> HttpResponse:
        answer = context.real_response()
        limit = answer.length // 2 if self.bytes is None else self.bytes
        if limit >= answer.length > 0:
            return answer
        return replace(answer, limit=limit, ending=Ending.RESET if self.reset else Ending.CLOSE)


@dataclass(frozen=True, slots=True)
class Stall:
    """No data for `seconds`, then the connection is closed.

    With `bytes` the pause begins after that many bytes of the body. Without it nothing is sent, and the request is
    not carried out.
    """

    seconds: float = 3600.0
    bytes: int | None = None

    def apply(self, context: FaultContext) -> HttpResponse:
        if self.bytes is None:
            return HttpResponse(500, is_silent=True, stall=self.seconds, ending=Ending.CLOSE)
        return replace(context.real_response(), limit=self.bytes, stall=self.seconds, ending=Ending.CLOSE)


@dataclass(frozen=True, slots=True)
class Delay:
    """The real response, `seconds` late."""

    seconds: float

    def apply(self, context: FaultContext) -> HttpResponse:
        return replace(context.real_response(), delay=self.seconds)


@dataclass(frozen=True, slots=True)
class Throttle:
    """The real response; its body is sent at `bytes` per second."""

    bytes: int

    def apply(self, context: FaultContext) -> HttpResponse:
        return replace(context.real_response(), pace=float(self.bytes))


@dataclass(frozen=True, slots=True)
class Html:
    """A web page, as a proxy or a login page sends it; the request is not carried out."""

    status: int = 200

    def apply(self, _: FaultContext) -> HttpResponse:
        page = b"<!doctype html>\n<title>Please wait</title>\n<p>We will be back soon.</p>\n"
        return HttpResponse.of_bytes(self.status, "text/html; charset=utf-8", page)


@dataclass(frozen=True, slots=True)
class Huge:
    """A valid JSON body of `bytes`; with `chunked` it has no Content-Length."""

    bytes: int = 100_000_000
    chunked: bool = False

    def apply(self, _: FaultContext) -> HttpResponse:
        head, tail = b'{"padding": "', b'"}'
        fill = max(0, self.bytes - len(head) - len(tail))
        framing = Framing.CHUNKED if self.chunked else Framing.LENGTH
        headers = (("Content-Type", "application/json"),)
        return HttpResponse(
            200, headers, chain((head,), filler(fill), (tail,)), len(head) + fill + len(tail), framing=framing
        )


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirect; the request is not carried out.

    `to` is `elsewhere` (this server under the host name `localhost`, where the real response is sent), `api`,
    `files`, `loop` (the same URL), `https` (the same URL with https), or a URL.
    """

    to: str = "elsewhere"
    status: int = 302

    def apply(self, context: FaultContext) -> HttpResponse:
        request = context.request
        own = context.origins[request.host]
        elsewhere = own.replace("127.0.0.1", "localhost")
        if self.to == "elsewhere" and request.headers.get("host") == elsewhere.partition("//")[2]:
            return context.real_response()
        origins = {
            **context.origins,
            "loop": own,
            "elsewhere": elsewhere,
            "https": own.replace("http:", "https:"),
        }
        location = origins[self.to] + request.target if self.to in origins else self.to
        return HttpResponse(self.status, (("Location", location),))


@dataclass(frozen=True, slots=True)
class SetHeaders:
    """The real response with headers replaced (`set`) or removed (`drop`), such as the ETag."""

    set: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()

    def apply(self, context: FaultContext) -> HttpResponse:
        answer = context.real_response()
        without = {name.lower() for name in (*self.set, *self.drop)}
        kept = tuple(pair for pair in answer.headers if pair[0].lower() not in without)
        return replace(answer, headers=(*kept, *self.set.items()))
