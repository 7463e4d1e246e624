"""Fault: the interface of every fault, and FaultContext: the request that it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from mhsync.dataclass import dataclass
from mhsync.sandbox.account import Account
from mhsync.sandbox.wire import HttpResponse, Request


@dataclass(frozen=True, slots=True)
class FaultContext:
    """A request that a fault answers.

    `answer` carries a request out (a DELETE deletes) and gives the real response. `output` is the id of the
    project and the path of the output below it, for requests to the file host.
    """

    request: Request
    answer: Callable[[Request], HttpResponse]
    account: Account
    origins: Mapping[str, str]
    output: tuple[str, str]

    def real_response(self) -> HttpResponse:
        """Carry the request out, and give its response."""
        return self.answer(self.request)


class Fault(Protocol):
    """A fault: makes the response to a request."""

    def apply(self, context: FaultContext, /) -> HttpResponse: ...
