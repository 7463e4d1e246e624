"""All faults. Each is a value that replaces the real response by a faulty one.

`rules.py` decides to which requests a fault applies; `docs/sandbox.md` shows an example of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mhsync.sandbox.fault_context import Fault
from mhsync.sandbox.faults_any import (
    Cut,
    Delay,
    Html,
    Huge,
    Lost,
    Redirect,
    Reset,
    SetHeaders,
    Stall,
    Status,
    Throttle,
)
from mhsync.sandbox.faults_api import InvalidJson, MissingField, OtherId, UnknownStatus, WrongType
from mhsync.sandbox.faults_files import Changed, Chunked, Empty, Expired, IgnoreRange, Longer, NoLength, Shorter

__all__ = [
    "FAULTS",
    "Changed",
    "Chunked",
    "Cut",
    "Delay",
    "Empty",
    "Expired",
    "Fault",
    "Html",
    "Huge",
    "IgnoreRange",
    "InvalidJson",
    "Longer",
    "Lost",
    "MissingField",
    "NoLength",
    "OtherId",
    "Redirect",
    "Reset",
    "SetHeaders",
    "Shorter",
    "Stall",
    "Status",
    "Throttle",
    "UnknownStatus",
    "WrongType",
]

FAULTS: Mapping[str, Callable[..., Fault]] = {
    "status": Status,
    "reset": Reset,
    "lost": Lost,
    "cut": Cut,
    "stall": Stall,
    "delay": Delay,
    "throttle": Throttle,
    "html": Html,
    "huge": Huge,
    "redirect": Redirect,
    "headers": SetHeaders,
    "invalid_json": InvalidJson,
    "other_id": OtherId,
    "unknown_status": UnknownStatus,
    "missing_field": MissingField,
    "wrong_type": WrongType,
    "longer": Longer,
    "shorter": Shorter,
    "no_length": NoLength,
    "chunked": Chunked,
    "empty": Empty,
    "expired": Expired,
    "ignore_range": IgnoreRange,
    "changed": Changed,
}
"""Every fault by its name in a file of faults."""
