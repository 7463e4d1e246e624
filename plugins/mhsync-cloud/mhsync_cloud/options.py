"""The manifest's `storage_options`, checked: known names, right types, and never a secret."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from mhsync import UsageError

_SECRET = re.compile(
    r"key|secret|token|password|passwd|credential|sas|signature|connection_string|account_key", re.I
)


class Options:
    """Options of one storage; each is asked for by name and type.

    Args:
        scheme: whose options they are, for messages.
        values: as they stand in the manifest.
        known: every name there is.
        credentials: where credentials come from instead, in words.

    Raises:
        UsageError: one is unknown, or would hold a secret. Values are never shown.
    """

    def __init__(self, scheme: str, values: Mapping[str, Any], known: Collection[str], credentials: str) -> None:
        self._scheme = scheme
        self._values = values
        for name in map(str, values):
            if name in known:
                continue
            if _SECRET.search(name):
                raise UsageError(
                    f"storage_options of {scheme}:// hold no credentials: {name!r:.60}",
                    hint=f"take it out of the manifest; credentials come from {credentials}",
                )
            near = get_close_matches(name, known, n=1)
            raise UsageError(
                f"{scheme}:// has no storage option {name!r:.60}",
                hint=f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known))}",
            )

    def text(self, name: str, pattern: str, example: str) -> str | None:
        """A string that fits a pattern as a whole, or None where the option is not given."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            raise self._wrong(name, f"write something like {example}")
        return value

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """One of several words, or None where the option is not given."""
        value = self._values.get(name)
        if value is None:
            return None
        if value not in choices:
            raise self._wrong(name, f"write one of {', '.join(choices)}")
        return str(value)

    def flag(self, name: str) -> bool:
        """true or false; false where the option is not given."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "write true or false")
        return value

    def seconds(self, name: str, default: float) -> float:
        """A number of seconds, from 1 to a day."""
        value = self._values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 86_400:
            raise self._wrong(name, "write a number of seconds, from 1 to 86400")
        return float(value)

    def _wrong(self, name: str, hint: str) -> UsageError:
        return UsageError(f"the storage option {name} of {self._scheme}:// is not right", hint=hint)
