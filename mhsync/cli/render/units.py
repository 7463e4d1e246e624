"""Counts, sizes, durations and ages as text."""

from __future__ import annotations

_STEP = 1024


def counted(number: int, noun: str) -> str:
    """`1 project`, `2 projects`, `10,000 projects`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def human_size(size: int) -> str:
    """A size in bytes with a unit: `512 B`, `1.5 KiB`."""
    if size < _STEP:
        return f"{size} B"
    amount = float(size)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= _STEP
        if round(amount, 1) < _STEP:
            return f"{amount:.1f} {unit}"
    return f"{amount / _STEP:.1f} TiB"


def human_time(seconds: float) -> str:
    """`45 s`, `2 min 5 s`, `1 h 30 min`."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {whole % 60} s" if whole % 60 else f"{minutes} min"
    return f"{whole} s"


def clock_time(seconds: float) -> str:
    """The duration of audio: `0:23`, `1:02:03`."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours:,}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def short_age(seconds: float) -> str:
    """An age in one unit: `5 min`, `3 h`, `12 d`, `4 y`."""
    hours = int(seconds // 3600)
    if hours < 1:
        return f"{int(seconds // 60)} min"
    if hours < 48:
        return f"{hours} h"
    days = hours // 24
    return f"{days} d" if days < 2 * 365 else f"{days // 365} y"
