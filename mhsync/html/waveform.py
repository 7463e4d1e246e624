"""waveform: the loudness of a WAV file over time, from a bounded number of its samples."""

from __future__ import annotations

import sys
import wave
from array import array
from typing import BinaryIO

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_UNSIGNED_ZERO = 128
"""Samples of 8 bits are unsigned; this is silence."""


def waveform(reader: BinaryIO, *, parts: int, frames: int) -> str | None:
    """A character from `0` (silent) to `z` (the loudest part) for each part of a PCM WAV file; None for others.

    Args:
        reader: a binary reader that can seek, at the start of the file.
        parts: the parts of equal duration.
        frames: the most frames that are read at the start of each part.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        with wave.open(reader) as file:
            return _read(file, parts, frames)
    except (wave.Error, EOFError, ValueError):
        return None


def _read(file: wave.Wave_read, parts: int, frames: int) -> str | None:
    width, total = file.getsampwidth(), file.getnframes()
    if width not in (1, 2, 3, 4) or total < parts:
        return None
    loudest = []
    for part in range(parts):
        file.setpos(total * part // parts)
        data = file.readframes(min(frames, total // parts + 1))
        if not data:
            break
        loudest.append(_peak(data, width))
    most = max(loudest, default=0) or 1
    return "".join(_DIGITS[value * (len(_DIGITS) - 1) // most] for value in loudest) or None


def _peak(data: bytes, width: int) -> int:
    """The largest distance from silence, in 8 bits for samples of 8 bits, else in the upper 16 bits."""
    if width == 1:
        return max(abs(value - _UNSIGNED_ZERO) for value in data)
    if width == 3:
        data = b"".join(data[at + 1 : at + 3] for at in range(0, len(data) - 2, 3))
    elif width == 4:
        data = b"".join(data[at + 2 : at + 4] for at in range(0, len(data) - 3, 4))
    samples = array("h", data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return max(max(samples), -min(samples)) if samples else 0
