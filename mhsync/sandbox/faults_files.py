"""Faults of the file host. Those that spoil a file leave answers other than 200 and 206 alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

from mhsync.sandbox.occasion import FaultContext
from mhsync.sandbox.wire import Ending, Framing, HttpResponse, Request, filler


@dataclass(frozen=True, slots=True)
class Longer:
    """More bytes come than the length announces, and the connection is closed."""

    bytes: int = 1000

    def apply(self, occasion: FaultContext) -> HttpResponse:
        answer = occasion.real_response()
        if not _is_content(answer):
            return answer
        body = chain(answer.body, filler(self.bytes))
        length = answer.length + self.bytes
        # The close is announced, so that a client need not guess how long to wait for more.
        headers = (*answer.headers, ("Connection", "close"))
        return replace(
            answer, headers=headers, body=body, length=length, announced=answer.length, ending=Ending.CLOSE
        )


@dataclass(frozen=True, slots=True)
class Shorter:
    """The whole file comes, but the length announces more, and the connection is closed."""

    bytes: int = 1000

    def apply(self, occasion: FaultContext) -> HttpResponse:
        answer = occasion.real_response()
        if not _is_content(answer):
            return answer
        return replace(answer, announced=answer.length + self.bytes, ending=Ending.CLOSE)


@dataclass(frozen=True, slots=True)
class NoLength:
    """No length: the end of the connection is the end of the body, after `bytes` where that is given."""

    bytes: int | None = None

    def apply(self, occasion: FaultContext) -> HttpResponse:
        answer = occasion.real_response()
        if not _is_content(answer):
            return answer
        return replace(answer, framing=Framing.CLOSE, limit=self.bytes, ending=Ending.CLOSE)


@dataclass(frozen=True, slots=True)
class Chunked:
    """A chunked body; with `bytes` it breaks off after so many, without its last chunk."""

    bytes: int | None = None

    def apply(self, occasion: FaultContext) -> HttpResponse:
        answer = occasion.real_response()
        if not _is_content(answer):
            return answer
        ending = Ending.KEEP if self.bytes is None else Ending.CLOSE
        return replace(answer, framing=Framing.CHUNKED, limit=self.bytes, ending=ending)


@dataclass(frozen=True, slots=True)
class Empty:
    """A file of no bytes."""

    def apply(self, occasion: FaultContext) -> HttpResponse:
        answer = occasion.answer(_without_range(occasion.request))
        return replace(answer, body=(), length=0) if _is_content(answer) else answer


@dataclass(frozen=True, slots=True)
class Expired:
    """The link no longer works, whatever its time says."""

    status: int = 403

    def apply(self, _: FaultContext) -> HttpResponse:
        return HttpResponse.of_bytes(self.status, "application/xml", b"<Error><Code>AccessDenied</Code></Error>\n")


@dataclass(frozen=True, slots=True)
class IgnoreRange:
    """The whole file, with 200, whatever part was asked for."""

    def apply(self, occasion: FaultContext) -> HttpResponse:
        return occasion.answer(_without_range(occasion.request))


@dataclass(frozen=True, slots=True)
class Changed:
    """From now on the file has other bytes, of the same length, and another ETag."""

    def apply(self, occasion: FaultContext) -> HttpResponse:
        occasion.account.rewrite(*occasion.output)
        return occasion.real_response()


def _is_content(answer: HttpResponse) -> bool:
    return answer.status in (200, 206)


def _without_range(request: Request) -> Request:
    kept = {name: value for name, value in request.headers.items() if name not in ("range", "if-range")}
    return replace(request, headers=kept)
