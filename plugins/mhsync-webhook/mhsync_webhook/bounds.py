"""The limits of a delivery."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Times are in seconds. They are chosen so that delivery ends before mhsync stops waiting for it."""

    connect: float = 5.0
    read: float = 10.0
    attempts: int = 5
    window: float = 15.0
    """No attempt starts later than this after the first one. Time waited for Retry-After does not count."""
    backoff: float = 0.5
    """The first pause. Each later pause is twice as long, and jitter shortens a pause by up to a half."""
    retry_after: float = 30.0
    """The maximum wait for Retry-After, over all attempts of one event."""
