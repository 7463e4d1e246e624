"""MP3: a sequence of frames, which is read to its end. A header may state their number (Xing, Info, VBRI)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mhsync_audio.decoder import DecodingFailed, count_mp3
from mhsync_audio.facts import Facts, broken
from mhsync_audio.frames import Frame, find_frames, frame_at
from mhsync_audio.length_header import LengthHeader, length_header_at
from mhsync_audio.tags import tag_length
from mhsync_audio.window import Window

_UNDECODED = 10
"""The number of frames that a decoder may skip at the beginning of a stream that is part of a longer one."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """Frames that belong together. A file made by joining others has several streams."""

    first: Frame
    start: int
    end: int
    frames: int = 0
    """Without the frame that contains the length header."""
    stated: LengthHeader | None = None


def inspect(window: Window) -> Facts:
    """Read all frames of an MP3 file, compare their number with the stated one, and decode them.

    Raises:
        OutputRejected: it ends in a frame, has fewer frames than stated, is damaged, or does not decode.
    """
    streams = list(_streams(window))
    if not streams:
        raise broken("does not decode as MP3: it contains no complete frame")
    seconds = sum(_decode(window, stream) for stream in streams)
    first = streams[0].first
    return Facts("mp3", first.channels, first.sample_rate, seconds)


def _streams(window: Window) -> Iterator[_Stream]:
    """All streams of a file. Tags may be between them."""
    at, stream = 0, None
    while at < window.size:
        frame = frame_at(window, at)
        stated = None if frame is None else length_header_at(window, at, frame)
        if stream is not None and (frame is None or stated or not frame.continues(stream.first)):
            yield stream
            stream = None
        if frame is None:
            at = _skip(window, at)
            continue
        if stream is None:
            stream = _Stream(frame, at, at, -1 if stated else 0, stated)
        end = at + (frame.length or window.size - at)
        if end > window.size:
            raise broken("is truncated: it ends in the middle of an MP3 frame")
        at, stream = end, replace(stream, end=end, frames=stream.frames + 1)
    if stream is not None:
        yield stream


def _skip(window: Window, at: int) -> int:
    """The offset after bytes that are not a frame: a tag, zeros at either end, or other bytes at the end.

    Raises:
        OutputRejected: the header of a frame is truncated, or frames follow bytes that are neither tag nor frame.
    """
    length = tag_length(window, at)
    if length:
        return at + length
    if window.first_not_zero(at) == window.size:
        return window.size
    if window.size - at < 4 and window.read(at, 1) == b"\xff":
        raise broken("is truncated: it ends in the middle of the header of an MP3 frame")
    following = find_frames(window, at)
    if following is None:
        return window.size
    if at > 0 and not _is_beginning(window, at):
        raise broken(f"is damaged: {following - at} bytes at offset {at} are not MP3")
    return following


def _is_beginning(window: Window, at: int) -> bool:
    """Whether only tags are before the offset."""
    place = 0
    while place < at:
        length = tag_length(window, place)
        if not length:
            return False
        place += length
    return True


def _decode(window: Window, stream: _Stream) -> float:
    """Decode a stream, and return its duration in seconds.

    Raises:
        OutputRejected: frames are missing, or do not decode.
    """
    stated = stream.stated or LengthHeader()
    missing = (stated.frames or 0) - stream.frames
    # Some writers count the frame with the length header too. Their number of bytes is right.
    is_header_counted = missing == 1 and stated.length is not None and stated.length <= stream.end - stream.start
    if stream.first.length and missing > 0 and not is_header_counted:
        raise broken(f"is shorter than its MP3 header says: {stream.frames} of {stated.frames} frames are present")
    try:
        samples = count_mp3(window, stream.start, stream.end, stream.first.channels, stream.first.sample_rate)
    except DecodingFailed:
        raise broken("does not decode as MP3") from None
    expected = max(0, stream.frames - _UNDECODED) * stream.first.samples - stated.trimmed
    if not samples or samples < expected:
        raise broken(
            f"does not decode to its end: {samples} of {stream.frames * stream.first.samples} samples decode"
        )
    return samples / stream.first.sample_rate
