"""Options of a manifest, read by name and type. No message shows a value."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from mhsync.core.redaction import may_name_secret
from mhsync.core.suggest import suggest
from mhsync.errors import UsageError

_NAME_MAX = 60


def refuse_unknown_options(scheme: str, names: Iterable[object], known: Collection[str], credentials: str) -> None:
    """Refuse names that are not options of a storage.

    Args:
        scheme: of the storage, such as `sftp`.
        names: as written in the manifest.
        known: the names of all options.
        credentials: where credentials are read from, such as `MHSYNC_SFTP_PASSWORD`.

    Raises:
        UsageError: a name is unknown. The hint names the closest option, or for a secret where it belongs.
    """
    for name in map(str, names):
        if name in known:
            continue
        shown = f"{name[:_NAME_MAX]!r}"
        if may_name_secret(name):
            raise UsageError(
                f"storage_options must not contain secrets: {shown}",
                hint=f"remove it from the manifest; {scheme}:// reads credentials from {credentials}",
            )
        nearest = suggest(name, known)
        options = f"{scheme}:// has {', '.join(sorted(known))}" if known else f"{scheme}:// has no options"
        raise UsageError(
            f"{scheme}:// has no storage option {shown}",
            hint=options if nearest is None else f"did you mean {nearest}?",
        )


class Options:
    """The `storage_options` of one storage. Each option is read by name and type.

    Args:
        scheme: of the storage, such as `s3`.
        values: the options, as the factory receives them.
        known: the names of all options.
        credentials: where credentials are read from, such as `the environment`.

    Raises:
        UsageError: an option is unknown or may be a secret. The reading methods raise it for an invalid value.
    """

    def __init__(self, scheme: str, values: Mapping[str, Any], known: Collection[str], credentials: str) -> None:
        refuse_unknown_options(scheme, values, known, credentials)
        self._scheme = scheme
        self._values = values

    def text(self, name: str, pattern: str, example: str) -> str | None:
        """A string that matches a regular expression as a whole; None where the option is not set."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            raise self._invalid(name, f"write something like {example}")
        return value

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """One of several words; None where the option is not set."""
        value = self._values.get(name)
        if value is None:
            return None
        if value not in choices:
            raise self._invalid(name, f"write one of {', '.join(choices)}")
        return str(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            raise self._invalid(name, f"write {name}: true or {name}: false")
        return value

    def number(self, name: str, default: float, minimum: float, maximum: float) -> float:
        """A number in a range, both ends included."""
        value = self._values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not minimum <= value <= maximum:
            raise self._invalid(name, f"write a number from {minimum:g} to {maximum:g}")
        return float(value)

    def seconds(self, name: str, default: float, maximum: float = 86_400) -> float:
        """A number of seconds, at least 1."""
        return self.number(name, default, 1, maximum)

    def _invalid(self, name: str, hint: str) -> UsageError:
        return UsageError(f"the storage option {name} of {self._scheme}:// is not valid", hint=hint)
