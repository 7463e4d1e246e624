"""Faults for the API: wrong details. Responses with a status other than 200 are not changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from mhsync.dataclass import dataclass
from mhsync.sandbox.fault_context import FaultContext
from mhsync.sandbox.wire import HttpResponse


@dataclass(frozen=True, slots=True)
class InvalidJson:
    """Details that are cut off in the middle, with a matching Content-Length."""

    def apply(self, context: FaultContext) -> HttpResponse:
        answer = context.real_response()
        body = b"".join(answer.body)
        return replace(answer, body=(body[: len(body) // 2],), length=len(body) // 2)


@dataclass(frozen=True, slots=True)
class OtherId:
    """The details have the id of another project."""

    other: str = "sbx-another"

    def apply(self, context: FaultContext) -> HttpResponse:
        return _details(context, {"id": self.other})


@dataclass(frozen=True, slots=True)
class UnknownStatus:
    """The details have a status that is not documented."""

    word: str = "paused"

    def apply(self, context: FaultContext) -> HttpResponse:
        return _details(context, {"status": self.word})


@dataclass(frozen=True, slots=True)
class MissingField:
    """A field is missing in the details."""

    field: str = "status"

    def apply(self, context: FaultContext) -> HttpResponse:
        return _details(context, {}, self.field)


@dataclass(frozen=True, slots=True)
class WrongType:
    """A field of the details has the value `value`, by default a list in a list, which fits no field."""

    field: str = "downloads"
    value: object = ((),)

    def apply(self, context: FaultContext) -> HttpResponse:
        return _details(context, {self.field: self.value})


def _details(context: FaultContext, changes: Mapping[str, object], missing: str | None = None) -> HttpResponse:
    answer = context.real_response()
    if answer.status != 200 or context.request.host != "api":
        return answer  # It holds no details: a rule without a host also selects requests for files.
    details = {**json.loads(b"".join(answer.body)), **changes}
    return HttpResponse.of_json(200, {name: value for name, value in details.items() if name != missing})
