"""The duration of an audio file, as its first bytes state it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from mhsync.core.audio import MPEG_BITRATES, MPEG_RATES, is_placeholder, mpeg_frame, recognise, xing_header

_ID3_HEADER = 10
_AIFF_BIAS = 16383 + 63
"""Subtracted from the exponent of a number of 80 bits, whose fraction is an integer of 64 bits."""
_AIFF_RATIO = 20
"""No codec of AIFF-C makes a file this many times smaller."""


def duration_of(head: bytes, size: int) -> float | None:
    """The duration in seconds of a WAV, AIFF, FLAC or MP3 file; None if the first bytes do not state it.

    The duration of an MP3 file without a count of its frames follows from its size, if all frames in the first
    bytes have one bitrate.

    Args:
        head: the first `mhsync.core.audio.HEAD` bytes of the file, or all of a shorter file.
        size: bytes of the file.
    """
    readers = {"wav": _wav, "aiff": _aiff, "flac": _flac, "mp3": _mp3}
    read = readers.get(recognise(head).format)
    if read is None:
        return None
    try:
        seconds = read(head, size)
    except (struct.error, IndexError, ZeroDivisionError, OverflowError):
        return None
    return seconds if seconds is not None and seconds >= 0 else None


def _chunks(head: bytes, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Name, start of the content and length of each chunk of a RIFF or IFF file."""
    at = 12
    while at + 8 <= len(head):
        (length,) = struct.unpack_from(f"{order}I", head, at + 4)
        yield head[at : at + 4], at + 8, length
        at += 8 + length + length % 2


def _wav(head: bytes, size: int) -> float | None:
    byte_rate, long = 0, None
    for name, at, length in _chunks(head, "<"):
        if name == b"ds64":
            (long,) = struct.unpack_from("<Q", head, at + 8)
        elif name == b"fmt ":
            (byte_rate,) = struct.unpack_from("<I", head, at + 8)
        elif name == b"data":
            rest = max(0, size - at)
            if length == 0xFFFFFFFF and long:
                length = long
            return (rest if is_placeholder(length) else min(length, rest)) / byte_rate
    return None


def _aiff(head: bytes, size: int) -> float | None:
    for name, at, _ in _chunks(head, ">"):
        if name == b"COMM":
            channels, frames, bits, exponent, fraction = struct.unpack_from(">HIHHQ", head, at)
            rate: float = fraction * 2.0 ** ((exponent & 0x7FFF) - _AIFF_BIAS)
            is_unknown = frames * channels * bits // 8 > size * _AIFF_RATIO  # Some programs write a huge count.
            return None if is_unknown or not frames else frames / rate
    return None


def _flac(head: bytes, _size: int) -> float | None:
    (packed,) = struct.unpack_from(">Q", head, 18)
    rate, samples = packed >> 44, packed & (1 << 36) - 1
    return samples / rate if samples else None


def _mp3(head: bytes, size: int) -> float | None:
    start = _after_id3(head)
    frame = head[start:]
    if mpeg_frame(frame) is None:
        return None
    version, layer = frame[1] >> 3 & 3, 4 - (frame[1] >> 1 & 3)
    rate = MPEG_RATES[version][frame[2] >> 2 & 3]
    counted = _counted_frames(frame)
    if counted is not None:
        return counted * (576 if version != 3 and layer == 3 else 1152) / rate
    bitrates = _bitrates(frame)
    if len(bitrates) != 1:
        return None
    return (size - start) * 8 / (MPEG_BITRATES[version == 3, layer][bitrates.pop() - 1] * 1000)


def _after_id3(head: bytes) -> int:
    """The offset of the first frame."""
    if head[:3] != b"ID3":
        return 0
    length = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    at = _ID3_HEADER + length + (_ID3_HEADER if head[5] & 0x10 else 0)
    return at + len(head[at:]) - len(head[at:].lstrip(b"\0"))


def _counted_frames(frame: bytes) -> int | None:
    """The number of frames, by the Xing or Info header in the first frame."""
    at = xing_header(frame)
    if at is None or not frame[at + 7] & 1:
        return None
    return int.from_bytes(frame[at + 8 : at + 12], "big") or None


def _bitrates(frames: bytes) -> set[int]:
    """The indices of the bitrates of all frames in the first bytes."""
    found: set[int] = set()
    at = 0
    while (length := mpeg_frame(frames[at : at + 4])) is not None:
        found.add(frames[at + 2] >> 4)
        at += length
    return found
