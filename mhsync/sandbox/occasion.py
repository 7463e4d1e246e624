"""What a fault is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from mhsync.sandbox.account import Account
from mhsync.sandbox.wire import HttpResponse, Request


@dataclass(frozen=True, slots=True)
class FaultContext:
    """One request, and what a fault may do about it.

    `answer` gives the honest answer to a request, and does what it asks (a DELETE deletes). `output` is the
    project's id and the path of the output below it, for requests to the file host.
    """

    request: Request
    answer: Callable[[Request], HttpResponse]
    account: Account
    origins: Mapping[str, str]
    output: tuple[str, str]

    def real_response(self) -> HttpResponse:
        return self.answer(self.request)


class Fault(Protocol):
    """One way to answer badly."""

    def apply(self, occasion: FaultContext, /) -> HttpResponse: ...
