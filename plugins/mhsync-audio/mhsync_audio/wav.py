"""WAV: chunks with stated lengths. Decoders read to the end of the file, so only the lengths show a truncation.

RIFF, the big-endian RIFX, and RF64/BW64 (EBU Tech 3306), which have lengths of 64 bits in the chunk `ds64`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mhsync_audio.decoder import DecodingFailed, count_wav
from mhsync_audio.facts import Facts, broken
from mhsync_audio.window import Window

_UNKNOWN = 0xFFFF_FFFF
"""Stated by streaming writers, which do not know the length. In RF64 the length is in `ds64`."""
_UNKNOWN_TO_SOX = 0x7FFF_F000
_CHUNK = 8
_CHUNKS = 4096
"""The maximum number of chunks before the samples."""
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_LINEAR = frozenset({_PCM, _FLOAT, _ALAW, _ULAW})
"""Codecs in which each frame has the same number of bytes."""
_DECODED = _LINEAR | {2, 0x11}
"""Codecs that the decoder supports: also Microsoft's and IMA's ADPCM."""


@dataclass(frozen=True, slots=True)
class _Format:
    codec: int
    channels: int
    sample_rate: int
    frame: int
    """Bytes of one frame of a linear codec, or of one block of another codec."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the samples begin, and their stated length in bytes, or None where it is not known."""

    coding: _Format
    start: int
    stated: int | None


def inspect(window: Window, path: Path) -> Facts:
    """Compare the lengths that a WAV file states with its size, and decode it to its end.

    Raises:
        OutputRejected: it is truncated, damaged, or does not decode.
    """
    layout = _read_layout(window)
    present = window.size - layout.start
    if layout.stated is not None:
        if layout.stated > present:
            raise broken(
                f"is shorter than its WAV header says: {present} of {layout.stated} bytes of audio are present"
            )
        present = layout.stated
    elif layout.coding.codec in _LINEAR and present % layout.coding.frame:
        raise broken("ends in the middle of a sample")
    seconds = _decode(path, layout.coding, present)
    return Facts("wav", layout.coding.channels, layout.coding.sample_rate, seconds)


def _decode(path: Path, coding: _Format, length: int) -> float | None:
    """Decode a file, and return its duration in seconds; None if the codec is not supported."""
    if coding.codec not in _DECODED:
        return None
    try:
        frames = count_wav(path, coding.channels)
    except DecodingFailed:
        raise broken("does not decode as WAV: its header is damaged") from None
    expected = length // coding.frame if coding.codec in _LINEAR else min(length, 1)
    if frames < expected:
        raise broken(f"does not decode to its end: {frames} of {expected} samples decode")
    return frames / coding.sample_rate


def _read_layout(window: Window) -> _Layout:
    """Read the chunks up to the samples."""
    order: Literal["little", "big"] = "big" if window.read(0, 4) == b"RIFX" else "little"
    container = int.from_bytes(window.read(4, 4), order)
    coding, long_sizes = None, (_UNKNOWN, _UNKNOWN)
    at = 12
    for _ in range(_CHUNKS):
        head = window.read(at, _CHUNK)
        if len(head) < _CHUNK:
            break
        name, size = head[:4], int.from_bytes(head[4:], order)
        if name == b"ds64":
            long_sizes = struct.unpack("<QQ", window.read(at + _CHUNK, 16).ljust(16, b"\xff"))
        elif name == b"fmt ":
            coding = _read_format(window.read(at + _CHUNK, min(size, 40)), order)
        elif name == b"data":
            if coding is None:
                raise broken("is not a complete WAV file: its samples come before their format")
            if size == _UNKNOWN and long_sizes[1] != _UNKNOWN:
                container, size = long_sizes
            return _checked(window, container, _Layout(coding, at + _CHUNK, size))
        at += _CHUNK + size + size % 2
    if at > window.size:
        raise broken("is shorter than its WAV header says: it ends before its samples begin")
    raise broken("is not a complete WAV file: it has no samples")


def _checked(window: Window, container: int, found: _Layout) -> _Layout:
    """Compare the length of the container with the file. The caller compares the length of the samples."""
    stated = found.stated
    if stated in (_UNKNOWN, _UNKNOWN_TO_SOX) and found.start + (stated or 0) > window.size:
        return _Layout(found.coding, found.start, None)
    assert stated is not None, "read from the header"
    end = found.start + stated
    if stated == 0 and not _is_chunk(window, end):
        raise broken("was never finished: its WAV header states no samples, but data follows")
    missing = container + _CHUNK - window.size
    # Some writers count the pad byte after an odd number of bytes, and do not write it.
    is_pad = missing == 1 and stated % 2 == 1 and end == window.size
    if end <= window.size and container != _UNKNOWN and missing > 0 and not is_pad:
        raise broken(
            f"is shorter than its WAV header says: {window.size} of {container + _CHUNK} bytes are present"
        )
    return found


def _is_chunk(window: Window, at: int) -> bool:
    """Whether the file ends here, or another complete chunk follows."""
    head = window.read(at, _CHUNK)
    return not head or (len(head) == _CHUNK and at + _CHUNK + int.from_bytes(head[4:], "little") <= window.size)


def _read_format(chunk: bytes, order: Literal["little", "big"]) -> _Format:
    if len(chunk) < 16:
        raise broken("is not a complete WAV file: its format is truncated")
    sign = "<" if order == "little" else ">"
    codec, channels, sample_rate, _, frame = struct.unpack(f"{sign}HHIIH", chunk[:14])
    if codec == _EXTENSIBLE and len(chunk) >= 26:
        codec = struct.unpack(f"{sign}H", chunk[24:26])[0]
    if not channels or not sample_rate or not frame:
        raise broken("does not decode as WAV: its header has no channels, no sample rate or empty samples")
    return _Format(codec, channels, sample_rate, frame)
