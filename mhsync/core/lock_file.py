"""Lock file: path, size and sha256 of every stored output, for git. `schemas/lock.schema.json` describes it.

The outputs are sorted, each on its own line, so that a difference in git shows what changed. Paths are those that
the manifest gives.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from mhsync.core.pulled import WantedFile
from mhsync.dataclass import dataclass

FORMAT = "mhsync.lock/1"
_START = f'{{\n  "format": "{FORMAT}",\n  "outputs": ['
_KEYS = ("id", "path", "size", "sha256")
_TYPES: tuple[Any, ...] = (str, str, int, str)


class LockInvalidError(ValueError):
    """A file is not a lock file. The message follows the name of the file."""


@dataclass(frozen=True, slots=True)
class LockedOutput:
    """One output. `size` is in bytes."""

    id: str
    path: str
    size: int
    sha256: str

    @classmethod
    def of(cls, file: WantedFile) -> LockedOutput:
        return cls(file.id, file.path, file.size, file.sha256)

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "path": self.path, "size": self.size, "sha256": self.sha256}

    @property
    def key(self) -> tuple[str, str, int, str]:
        return self.id, self.path, self.size, self.sha256


def lock_bytes(outputs: Iterable[LockedOutput]) -> bytes:
    """The lock file of these outputs."""
    lines = [f"    {json.dumps(output.to_json())}" for output in sorted(outputs, key=lambda output: output.key)]
    body = "\n" + ",\n".join(lines) + "\n  " if lines else ""
    return f"{_START}{body}]\n}}\n".encode("ascii")


def read_lock(data: bytes) -> dict[str, frozenset[LockedOutput]]:
    """The outputs by id.

    Raises:
        LockInvalidError: it is not a lock file, or of a newer version.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise LockInvalidError("is not JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise LockInvalidError(f"is not a lock file of the format {FORMAT}")
    found: dict[str, set[LockedOutput]] = defaultdict(set)
    items = document.get("outputs")
    for item in items if isinstance(items, list) else [None]:
        values: list[Any] = (
            [item.get(key) for key in ("id", "path", "size", "sha256")] if isinstance(item, dict) else []
        )
        if not values or not all(isinstance(value, kind) for value, kind in zip(values, _TYPES, strict=True)):
            raise LockInvalidError("has an output that is invalid")
        output = LockedOutput(*values)
        found[output.id].add(output)
    return {id_: frozenset(outputs) for id_, outputs in found.items()}


def difference(locked: Mapping[str, frozenset[LockedOutput]], id: str, files: Iterable[WantedFile]) -> str | None:
    """What differs between the lock and the stored files of one project; None if nothing does."""
    if id not in locked:
        return "the lock file does not have it"
    stored = {LockedOutput.of(file) for file in files}
    if stored == locked[id]:
        return None
    paths = sorted({output.path for output in stored ^ locked[id]})
    return f"{', '.join(paths)}: path, size or sha256 differ from the lock file"
