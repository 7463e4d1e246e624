"""WAV: chunks of announced lengths. Decoders read to wherever the file ends: only the lengths show a cut.

RIFF, its big-endian sister RIFX, and RF64/BW64 (EBU Tech 3306), whose lengths of 64 bits stand in `ds64`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mhsync_audio.decoder import DecodingFailed, count_wav
from mhsync_audio.facts import Facts, broken
from mhsync_audio.window import Window

_UNANNOUNCED = 0xFFFF_FFFF
"""Written by who streams and cannot come back to say how long it was; in RF64: see `ds64`."""
_UNANNOUNCED_BY_SOX = 0x7FFF_F000
_CHUNK = 8
_CHUNKS = 4096
"""No file has more before its samples."""
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_LINEAR = frozenset({_PCM, _FLOAT, _ALAW, _ULAW})
"""Codecs that give each frame the same number of bytes."""
_DECODED = _LINEAR | {2, 0x11}
"""What the decoder knows: also Microsoft's and IMA's ADPCM."""


@dataclass(frozen=True, slots=True)
class _Format:
    codec: int
    channels: int
    sample_rate: int
    frame: int
    """Bytes of one frame of a linear codec, or of a block."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the samples are, and how many bytes of them are announced: None where that is not known."""

    sound: _Format
    start: int
    announced: int | None


def inspect(window: Window, path: Path) -> Facts:
    """Compare a WAV file's lengths with what is there, and decode it to its end.

    Raises:
        OutputRejected: it is cut, damaged, or does not decode.
    """
    layout = _read_layout(window)
    there = window.size - layout.start
    if layout.announced is not None:
        if layout.announced > there:
            raise broken(
                f"is shorter than its WAV header says: {there} of {layout.announced} bytes of sound are there"
            )
        there = layout.announced
    elif layout.sound.codec in _LINEAR and there % layout.sound.frame:
        raise broken("ends in the middle of a sample")
    seconds = _decode(path, layout.sound, there)
    return Facts("wav", layout.sound.channels, layout.sound.sample_rate, seconds)


def _decode(path: Path, sound: _Format, length: int) -> float | None:
    """How long it plays; None where its codec is not known here."""
    if sound.codec not in _DECODED:
        return None
    try:
        frames = count_wav(path, sound.channels)
    except DecodingFailed:
        raise broken("does not decode as WAV: its header is damaged") from None
    announced = length // sound.frame if sound.codec in _LINEAR else min(length, 1)
    if frames < announced:
        raise broken(f"does not decode to its end: {frames} of {announced} samples do")
    return frames / sound.sample_rate


def _read_layout(window: Window) -> _Layout:
    """Walk the chunks up to the samples."""
    order: Literal["little", "big"] = "big" if window.read(0, 4) == b"RIFX" else "little"
    container = int.from_bytes(window.read(4, 4), order)
    sound, long_sizes = None, (_UNANNOUNCED, _UNANNOUNCED)
    at = 12
    for _ in range(_CHUNKS):
        head = window.read(at, _CHUNK)
        if len(head) < _CHUNK:
            break
        name, size = head[:4], int.from_bytes(head[4:], order)
        if name == b"ds64":
            long_sizes = struct.unpack("<QQ", window.read(at + _CHUNK, 16).ljust(16, b"\xff"))
        elif name == b"fmt ":
            sound = _read_format(window.read(at + _CHUNK, min(size, 40)), order)
        elif name == b"data":
            if sound is None:
                raise broken("is no whole WAV file: its samples come before their format")
            if size == _UNANNOUNCED and long_sizes[1] != _UNANNOUNCED:
                container, size = long_sizes
            return _checked(window, container, _Layout(sound, at + _CHUNK, size))
        at += _CHUNK + size + size % 2
    if at > window.size:
        raise broken("is shorter than its WAV header says: it ends before its samples begin")
    raise broken("is no whole WAV file: it has no samples")


def _checked(window: Window, container: int, found: _Layout) -> _Layout:
    """Hold the container's length against the file's; the samples' own is held against it by who asked."""
    announced = found.announced
    if announced in (_UNANNOUNCED, _UNANNOUNCED_BY_SOX) and found.start + (announced or 0) > window.size:
        return _Layout(found.sound, found.start, None)
    assert announced is not None, "read from the header"
    end = found.start + announced
    if announced == 0 and not _is_chunk(window, end):
        raise broken("was never finished: its WAV header announces no samples, and yet something follows")
    missing = container + _CHUNK - window.size
    # Many a writer counts the byte that evens out an odd number of samples, and leaves it out.
    is_pad = missing == 1 and announced % 2 == 1 and end == window.size
    if end <= window.size and container != _UNANNOUNCED and missing > 0 and not is_pad:
        raise broken(f"is shorter than its WAV header says: {window.size} of {container + _CHUNK} bytes are there")
    return found


def _is_chunk(window: Window, at: int) -> bool:
    """Whether the file ends here, or another chunk follows that is whole."""
    head = window.read(at, _CHUNK)
    return not head or (len(head) == _CHUNK and at + _CHUNK + int.from_bytes(head[4:], "little") <= window.size)


def _read_format(chunk: bytes, order: Literal["little", "big"]) -> _Format:
    if len(chunk) < 16:
        raise broken("is no whole WAV file: its format is cut")
    sign = "<" if order == "little" else ">"
    codec, channels, sample_rate, _, frame = struct.unpack(f"{sign}HHIIH", chunk[:14])
    if codec == _EXTENSIBLE and len(chunk) >= 26:
        codec = struct.unpack(f"{sign}H", chunk[24:26])[0]
    if not channels or not sample_rate or not frame:
        raise broken("does not decode as WAV: its header names no channels, no sample rate or empty samples")
    return _Format(codec, channels, sample_rate, frame)
