"""Facts, which the receipt contains, and the error of a rejected file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mhsync import OutputRejected

_HINT = "the next apply downloads it again; if that does not help, look at the project in the account"


@dataclass(frozen=True, slots=True)
class Facts:
    """Properties of a decoded file. `duration_seconds` is None if the codec is not supported."""

    format: str
    channels: int
    sample_rate: int
    """Frames per second."""
    duration_seconds: float | None = None

    def to_json(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"format": self.format, "channels": self.channels, "sample_rate": self.sample_rate}
        if self.duration_seconds is not None:
            facts["duration_seconds"] = round(self.duration_seconds, 3)
        return facts


def broken(why: str) -> OutputRejected:
    """The error of a damaged or incomplete file. `why` follows the word "it"."""
    return OutputRejected(f"it {why}", hint=_HINT)
