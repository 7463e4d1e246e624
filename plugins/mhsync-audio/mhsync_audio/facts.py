"""Facts: what is kept in the receipt; `broken` says why a file is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mhsync import OutputRejected

_HINT = "the next apply downloads it again; if that does not help, the project itself may be broken"


@dataclass(frozen=True, slots=True)
class Facts:
    """What decoding a file showed. `duration_seconds` is None where a codec cannot be decoded here."""

    format: str
    channels: int
    sample_rate: int
    """Frames a second."""
    duration_seconds: float | None = None

    def to_json(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"format": self.format, "channels": self.channels, "sample_rate": self.sample_rate}
        if self.duration_seconds is not None:
            facts["duration_seconds"] = round(self.duration_seconds, 3)
        return facts


def broken(why: str) -> OutputRejected:
    """The error of a file that is not whole; `why` goes on after 'it'."""
    return OutputRejected(f"it {why}", hint=_HINT)
