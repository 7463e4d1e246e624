"""Faults of the API: details that cannot be trusted. They leave answers other than 200 alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mhsync.sandbox.occasion import FaultContext
from mhsync.sandbox.wire import HttpResponse


@dataclass(frozen=True, slots=True)
class InvalidJson:
    """Details that end in the middle, with the length to match."""

    def apply(self, occasion: FaultContext) -> HttpResponse:
        answer = occasion.real_response()
        body = b"".join(answer.body)
        return replace(answer, body=(body[: len(body) // 2],), length=len(body) // 2)


@dataclass(frozen=True, slots=True)
class OtherId:
    """The details carry another project's id."""

    other: str = "sbx-another"

    def apply(self, occasion: FaultContext) -> HttpResponse:
        return _details(occasion, {"id": self.other})


@dataclass(frozen=True, slots=True)
class UnknownStatus:
    """The details have a status that the documents do not know."""

    word: str = "paused"

    def apply(self, occasion: FaultContext) -> HttpResponse:
        return _details(occasion, {"status": self.word})


@dataclass(frozen=True, slots=True)
class MissingField:
    """The details lack a field."""

    field: str = "status"

    def apply(self, occasion: FaultContext) -> HttpResponse:
        return _details(occasion, {}, self.field)


@dataclass(frozen=True, slots=True)
class WrongType:
    """A field of the details holds `value`, by default a list in a list, which no field is."""

    field: str = "downloads"
    value: object = ((),)

    def apply(self, occasion: FaultContext) -> HttpResponse:
        return _details(occasion, {self.field: self.value})


def _details(occasion: FaultContext, changes: Mapping[str, object], missing: str | None = None) -> HttpResponse:
    answer = occasion.real_response()
    if answer.status != 200 or occasion.request.host != "api":
        return answer  # There are no details in it: a rule that names no host chooses files too.
    details = {**json.loads(b"".join(answer.body)), **changes}
    return HttpResponse.of_json(200, {name: value for name, value in details.items() if name != missing})
