"""Every bound of a delivery, by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Times are seconds; chosen so that a dead receiver is given up before mhsync stops waiting for it."""

    connect: float = 5.0
    read: float = 10.0
    attempts: int = 5
    window: float = 15.0
    """No attempt begins later than this after the first, Retry-After aside."""
    backoff: float = 0.5
    """The first pause; it doubles each time, and jitter takes up to half of it away."""
    retry_after: float = 30.0
    """The longest Retry-After that is waited for, all attempts of one event together."""
