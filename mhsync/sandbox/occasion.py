"""What a fault is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from mhsync.sandbox.wire import Answer, Request
from mhsync.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Occasion:
    """One request, and what a fault may do about it.

    `answer` gives the honest answer to a request, and does what it asks (a DELETE deletes). `output` is the
    project's id and the path of the output below it, for requests to the file host.
    """

    request: Request
    answer: Callable[[Request], Answer]
    world: World
    origins: Mapping[str, str]
    output: tuple[str, str]

    def honest(self) -> Answer:
        return self.answer(self.request)


class Fault(Protocol):
    """One way to answer badly."""

    def strike(self, occasion: Occasion, /) -> Answer: ...
