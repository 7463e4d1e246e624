"""Pauses between attempts, and between polls."""

from __future__ import annotations

from collections.abc import Iterator

from mhsync.settings import WaitSettings


def backoff_delay(attempt: int, first: float, maximum: float, jitter: float) -> float:
    """The pause after a failed attempt: exponential, with a maximum and jitter.

    Args:
        attempt: how many attempts have failed so far, from 1.
        first: seconds of the first pause. Each later pause is twice as long.
        maximum: seconds of the longest pause.
        jitter: a random number from 0 to 1, such as `random.random()`. It shortens the pause by up to a half.

    Returns:
        Seconds.
    """
    # The exponent is bounded because a float overflows at 2**1024.
    return min(maximum, first * 2.0 ** min(attempt - 1, 64)) * (1 - jitter / 2)


def poll_pauses(settings: WaitSettings) -> Iterator[float]:
    """The seconds to wait before each poll of renders, without end: from `first` up to `most`, by `factor`."""
    pause = settings.first
    while True:
        yield pause
        pause = min(settings.most, pause * settings.factor)
