"""The strict reader of a receipt's JSON: every value has its type, and no path leaves the storage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from mhsync.core.layout import PARKED
from mhsync.core.project import is_valid_id, parse_time
from mhsync.core.template import is_private
from mhsync.errors import ReceiptInvalid

HINT = "examine the file under .mhsync/receipts/; mhsync does not change it"


class ReceiptReader:
    """Takes typed values out of one JSON object of a receipt, and knows which keys were not read.

    Args:
        data: the object.
        id: of the project, for messages.

    Raises:
        ReceiptInvalid: the data is not a JSON object. Each method raises it for an invalid value.
    """

    def __init__(self, data: object, id: str) -> None:
        self._id = id
        if not isinstance(data, dict):
            raise self.error("is not a JSON object")
        self.data: dict[str, Any] = data
        self._taken: set[str] = set()

    def error(self, what: str, hint: str | None = None) -> ReceiptInvalid:
        shown = self._id if is_valid_id(self._id) else repr(self._id)
        return ReceiptInvalid(
            f"the receipt of {shown} {what}",
            id=self._id,
            hint=hint or HINT,
        )

    def take(self, name: str, wanted: type[Any]) -> Any:
        """The value of a key, which must be of the type. A boolean is not a number."""
        self._taken.add(name)
        value = self.data.get(name)
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise self.error(f"has an invalid or missing {name!r}")
        return value

    def take_or_none(self, name: str, wanted: type[Any]) -> Any:
        """As `take`; None where the key is missing or null."""
        self._taken.add(name)
        return None if self.data.get(name) is None else self.take(name, wanted)

    def path(self, name: str) -> str:
        """A path inside the storage. A path that a damaged receipt names must not lead out of it."""
        path: str = self.take(name, str)
        parts = path.split("/")
        if not path or "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts):
            raise self.error(f"has a {name} that leaves the storage: {path!r:.80}")
        if any(map(is_private, parts)) and not self._is_parked(path):
            raise self.error(f"has a {name} in mhsync's own folder: {path!r:.80}")
        return path

    def _is_parked(self, path: str) -> bool:
        start = f"{PARKED}{self._id}-"
        return path.startswith(start) and re.fullmatch(r"[0-9]{1,6}", path[len(start) :]) is not None

    def size(self) -> int:
        """The value of `size`, in bytes."""
        size: int = self.take("size", int)
        if size < 0:
            raise self.error("has a negative size")
        return size

    def sha256(self) -> str:
        """The value of `sha256`: 64 lower-case hexadecimal digits."""
        sha256: str = self.take("sha256", str)
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise self.error("has an invalid sha256")
        return sha256

    def time(self, name: str) -> datetime | None:
        """A time in UTC; None where the key is missing or null."""
        text = self.take_or_none(name, str)
        try:
            return None if text is None else parse_time(text)
        except (ValueError, OverflowError):
            raise self.error(f"has an invalid or missing {name!r}") from None

    def rest(self) -> Mapping[str, Any]:
        """The keys that were not read, with their values: a newer mhsync may have written them."""
        return MappingProxyType({key: value for key, value in self.data.items() if key not in self._taken})
