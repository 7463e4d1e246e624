"""Length headers in the first frame of an MP3 file: Xing and Info, with LAME's extension, and VBRI."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from mhsync_audio.frames import Frame
from mhsync_audio.window import Window

_HAS_FRAMES, _HAS_LENGTH, _HAS_TABLE, _HAS_QUALITY = 1, 2, 4, 8
_VBRI = 36
"""The offset of a VBRI header, in every kind of frame."""
_CRC = 2
_LONGEST = 192


@dataclass(frozen=True, slots=True)
class LengthHeader:
    """The length that a stream states; None where the header does not state it."""

    frames: int | None = None
    length: int | None = None
    """In bytes, with the frame that contains the header."""
    trimmed: int = 0
    """Samples of padding at the beginning and the end, which a player does not play."""


def length_header_at(window: Window, at: int, frame: Frame) -> LengthHeader | None:
    """Read the length header in the frame at an offset; None if the frame contains audio."""
    head = window.read(at, _LONGEST)
    for place in (frame.side, frame.side + _CRC):
        if head[place : place + 4] in (b"Xing", b"Info"):
            return _read_xing(head[place + 4 :])
    if head[_VBRI : _VBRI + 4] == b"VBRI" and len(head) >= _VBRI + 18:
        length, frames = struct.unpack(">II", head[_VBRI + 10 : _VBRI + 18])
        return LengthHeader(frames, length)
    return None


def _read_xing(head: bytes) -> LengthHeader:
    flags, at, values = int.from_bytes(head[:4], "big"), 4, []
    for flag in (_HAS_FRAMES, _HAS_LENGTH):
        is_present = flags & flag and at + 4 <= len(head)
        values.append(int.from_bytes(head[at : at + 4], "big") if is_present else None)
        at += 4 if is_present else 0
    at += 100 if flags & _HAS_TABLE else 0
    at += 4 if flags & _HAS_QUALITY else 0
    delays = head[at + 21 : at + 24]
    is_extended = head[at : at + 4] in (b"LAME", b"Lavf", b"Lavc") and len(delays) == 3
    trimmed = (delays[0] << 4 | delays[1] >> 4) + ((delays[1] & 15) << 8 | delays[2]) if is_extended else 0
    return LengthHeader(values[0], values[1], trimmed)
