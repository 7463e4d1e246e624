"""Faults of the API: details that cannot be trusted. They leave answers other than 200 alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mhsync.sandbox.occasion import Occasion
from mhsync.sandbox.wire import Answer


@dataclass(frozen=True, slots=True)
class InvalidJson:
    """Details that end in the middle, with the length to match."""

    def strike(self, occasion: Occasion) -> Answer:
        answer = occasion.honest()
        body = b"".join(answer.body)
        return replace(answer, body=(body[: len(body) // 2],), length=len(body) // 2)


@dataclass(frozen=True, slots=True)
class OtherId:
    """The details carry another project's id."""

    other: str = "sbx-another"

    def strike(self, occasion: Occasion) -> Answer:
        return _details(occasion, {"id": self.other})


@dataclass(frozen=True, slots=True)
class UnknownStatus:
    """The details have a status that the documents do not know."""

    word: str = "paused"

    def strike(self, occasion: Occasion) -> Answer:
        return _details(occasion, {"status": self.word})


@dataclass(frozen=True, slots=True)
class MissingField:
    """The details lack a field."""

    field: str = "status"

    def strike(self, occasion: Occasion) -> Answer:
        return _details(occasion, {}, self.field)


@dataclass(frozen=True, slots=True)
class WrongType:
    """A field of the details holds `value`, by default a list in a list, which no field is."""

    field: str = "downloads"
    value: object = ((),)

    def strike(self, occasion: Occasion) -> Answer:
        return _details(occasion, {self.field: self.value})


def _details(occasion: Occasion, changes: Mapping[str, object], missing: str | None = None) -> Answer:
    answer = occasion.honest()
    if answer.status != 200 or occasion.request.host != "api":
        return answer  # There are no details in it: a rule that names no host chooses files too.
    details = {**json.loads(b"".join(answer.body)), **changes}
    return Answer.of_json(200, {name: value for name, value in details.items() if name != missing})
