"""Faults for the file host. Those that change a file apply only to responses with status 200 or 206."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from mhsync.dataclass import dataclass
from mhsync.sandbox.fault_context import FaultContext
from mhsync.sandbox.wire import Ending, Framing, HttpResponse, Request, filler


@dataclass(frozen=True, slots=True)
class Longer:
    """The body is longer than its Content-Length; then the connection is closed."""

    bytes: int = 1000

    def apply(self, context: FaultContext) -> HttpResponse:
        answer = context.real_response()
        if not _is_content(answer):
            return answer
        body = chain(answer.body, filler(self.bytes))
        length = answer.length + self.bytes
        # The close is announced, so that a client knows that no more data follows.
        headers = (*answer.headers, ("Connection", "close"))
        return replace(
            answer, headers=headers, body=body, length=length, announced=answer.length, ending=Ending.CLOSE
        )


@dataclass(frozen=True, slots=True)
class Shorter:
    """The body is shorter than its Content-Length; then the connection is closed."""

    bytes: int = 1000

    def apply(self, context: FaultContext) -> HttpResponse:
        answer = context.real_response()
        if not _is_content(answer):
            return answer
        return replace(answer, announced=answer.length + self.bytes, ending=Ending.CLOSE)


@dataclass(frozen=True, slots=True)
class NoLength:
    """No Content-Length: the body ends with the connection, after `bytes` if given."""

    bytes: int | None = None

    def apply(self, context: FaultContext) -> HttpResponse:
        answer = context.real_response()
        if not _is_content(answer):
            return answer
        return replace(answer, framing=Framing.CLOSE, limit=self.bytes, ending=Ending.CLOSE)


@dataclass(frozen=True, slots=True)
class Chunked:
    """A chunked body; with `bytes` it ends after that many bytes, without its last chunk."""

    bytes: int | None = None

    def apply(self, context: FaultContext) -> HttpResponse:
        answer = context.real_response()
        if not _is_content(answer):
            return answer
        ending = Ending.KEEP if self.bytes is None else Ending.CLOSE
        return replace(answer, framing=Framing.CHUNKED, limit=self.bytes, ending=ending)


@dataclass(frozen=True, slots=True)
class Empty:
    """An empty file."""

    def apply(self, context: FaultContext) -> HttpResponse:
        answer = context.answer(_without_range(context.request))
        return replace(answer, body=(), length=0) if _is_content(answer) else answer


@dataclass(frozen=True, slots=True)
class Expired:
    """The link is refused, although it has not expired."""

    status: int = 403

    def apply(self, _: FaultContext) -> HttpResponse:
        return HttpResponse.of_bytes(self.status, "application/xml", b"<Error><Code>AccessDenied</Code></Error>\n")


@dataclass(frozen=True, slots=True)
class IgnoreRange:
    """The whole file with status 200, although a range was requested."""

    def apply(self, context: FaultContext) -> HttpResponse:
        return context.answer(_without_range(context.request))


@dataclass(frozen=True, slots=True)
class Changed:
    """From now on the file has other bytes of the same length, and another ETag."""

    def apply(self, context: FaultContext) -> HttpResponse:
        context.account.rewrite(*context.output)
        return context.real_response()


def _is_content(answer: HttpResponse) -> bool:
    return answer.status in (200, 206)


def _without_range(request: Request) -> Request:
    kept = {name: value for name, value in request.headers.items() if name not in ("range", "if-range")}
    return replace(request, headers=kept)
