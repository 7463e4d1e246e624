"""What can go wrong on purpose: each fault is a value that turns the honest answer into a bad one.

`rules.py` says when one strikes; `docs/sandbox.md` shows each with an example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
from mhsync.sandbox.occasion import Fault

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
"""Every fault by the name that a file of faults gives it."""
