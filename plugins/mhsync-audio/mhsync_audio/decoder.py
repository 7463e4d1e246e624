"""The decoders of miniaudio, as counts: how many frames a file really gives. Memory: one block of samples.

The only file that knows miniaudio.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import miniaudio  # type: ignore[import-untyped]

from mhsync_audio.window import Window

_SAMPLES = 65_536
"""Samples of all channels together that are decoded at once."""


class DecodingFailed(Exception):
    """The decoder cannot even begin."""


@dataclass(frozen=True, slots=True)
class FlacHeader:
    channels: int
    sample_rate: int
    frames: int
    """As announced; 0 where the writer did not know."""


def read_flac_header(path: Path) -> FlacHeader:
    """
    Raises:
        DecodingFailed: it is no FLAC header.
    """
    try:
        info = miniaudio.flac_get_file_info(str(path))
    except miniaudio.DecodeError:
        raise DecodingFailed from None
    return FlacHeader(info.nchannels, info.sample_rate, info.num_frames)


def count_flac(path: Path, channels: int) -> int:
    """How many frames a FLAC file gives; damaged ones are left out: each carries its checksum.

    Raises:
        DecodingFailed: the decoder cannot begin.
    """
    return _count(miniaudio.flac_stream_file(str(path), _frames_at_once(channels)), channels)


def count_wav(path: Path, channels: int) -> int:
    """How many frames a WAV file gives.

    Raises:
        DecodingFailed: the decoder cannot begin: a damaged header, or a codec it does not know.
    """
    return _count(miniaudio.wav_stream_file(str(path), _frames_at_once(channels)), channels)


def count_mp3(window: Window, start: int, end: int, channels: int, sample_rate: int) -> int:
    """How many frames (samples of each channel) the MP3 between two offsets of a file gives.

    Raises:
        DecodingFailed: the decoder cannot begin.
    """
    try:
        stream = miniaudio.stream_any(
            _Part(window, start, end),
            source_format=miniaudio.FileFormat.MP3,
            output_format=miniaudio.SampleFormat.SIGNED16,
            nchannels=channels,
            sample_rate=sample_rate,
            frames_to_read=_frames_at_once(channels),
        )
    except miniaudio.MiniaudioError:
        raise DecodingFailed from None
    return _count(stream, channels)


def _frames_at_once(channels: int) -> int:
    return max(256, _SAMPLES // max(channels, 1))


def _count(stream: Iterator[array[int]], channels: int) -> int:
    try:
        return sum(len(samples) for samples in stream) // max(channels, 1)
    except miniaudio.MiniaudioError:
        raise DecodingFailed from None


class _Part(miniaudio.StreamableSource):  # type: ignore[misc]
    """Part of a file, without the tags around it: the decoder counts those behind the last frame as audio."""

    def __init__(self, window: Window, start: int, end: int) -> None:
        self._window = window
        self._start = start
        self._end = end
        self._at = start

    def read(self, num_bytes: int) -> bytes:
        data = self._window.read(self._at, min(num_bytes, self._end - self._at))
        self._at += len(data)
        return data

    def seek(self, offset: int, origin: miniaudio.SeekOrigin) -> bool:
        origins = {
            miniaudio.SeekOrigin.START: self._start,
            miniaudio.SeekOrigin.CURRENT: self._at,
            miniaudio.SeekOrigin.END: self._end,
        }
        at = origins[origin] + offset
        if not self._start <= at <= self._end:
            return False
        self._at = at
        return True
