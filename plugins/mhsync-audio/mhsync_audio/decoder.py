"""Counts the frames that miniaudio decodes from a file. Only one block of samples is in memory.

The only module that uses miniaudio.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import miniaudio  # type: ignore[import-untyped]

from mhsync_audio.window import Window

_SAMPLES = 65_536
"""The number of samples that are decoded at once, of all channels together."""


class DecodingFailed(Exception):
    """The decoder cannot begin."""


@dataclass(frozen=True, slots=True)
class FlacHeader:
    channels: int
    sample_rate: int
    frames: int
    """As the header states; 0 if the writer did not know the number."""


def read_flac_header(path: Path) -> FlacHeader:
    """Read the header of a FLAC file.

    Raises:
        DecodingFailed: the file does not begin with a valid header.
    """
    try:
        info = miniaudio.flac_get_file_info(str(path))
    except miniaudio.DecodeError:
        raise DecodingFailed from None
    return FlacHeader(info.nchannels, info.sample_rate, info.num_frames)


def count_flac(path: Path, channels: int) -> int:
    """The number of frames that decode from a FLAC file. Damaged ones do not count: each block has a checksum.

    Raises:
        DecodingFailed: the decoder cannot begin.
    """
    return _count(miniaudio.flac_stream_file(str(path), _frames_at_once(channels)), channels)


def count_wav(path: Path, channels: int) -> int:
    """The number of frames that decode from a WAV file.

    Raises:
        DecodingFailed: the decoder cannot begin: the header is damaged, or the codec is not supported.
    """
    return _count(miniaudio.wav_stream_file(str(path), _frames_at_once(channels)), channels)


def count_mp3(window: Window, start: int, end: int, channels: int, sample_rate: int) -> int:
    """The number of frames (samples of each channel) that decode from the MP3 between two offsets of a file.

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
    """Part of a file without the tags around it. The decoder would count tags after the last frame as audio."""

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
