"""MP3: frames one after another, walked to the end. What announces their number is optional: Xing, Info, VBRI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mhsync_audio.announcement import Announcement, announcement_at
from mhsync_audio.decoder import DecodingFailed, count_mp3
from mhsync_audio.facts import Facts, broken
from mhsync_audio.frames import Frame, find_frames, frame_at
from mhsync_audio.tags import tag_length
from mhsync_audio.window import Window

_UNDECODED = 10
"""Frames that a decoder may leave out at the beginning of a stream that was cut out of a longer one."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """Frames that belong together. A file that was made by joining others has several."""

    first: Frame
    start: int
    end: int
    frames: int = 0
    """Without the one that holds the announcement."""
    announced: Announcement | None = None


def inspect(window: Window) -> Facts:
    """Walk an MP3 file's frames, hold them against what is announced, and decode them.

    Raises:
        OutputRejected: it ends in a frame, has fewer frames than announced, is damaged, or does not decode.
    """
    streams = list(_streams(window))
    if not streams:
        raise broken("does not decode as MP3: it holds not one whole frame")
    seconds = sum(_decode(window, stream) for stream in streams)
    first = streams[0].first
    return Facts("mp3", first.channels, first.sample_rate, seconds)


def _streams(window: Window) -> Iterator[_Stream]:
    """All streams of a file; between them are tags."""
    at, stream = 0, None
    while at < window.size:
        frame = frame_at(window, at)
        announced = None if frame is None else announcement_at(window, at, frame)
        if stream is not None and (frame is None or announced or not frame.continues(stream.first)):
            yield stream
            stream = None
        if frame is None:
            at = _skip(window, at)
            continue
        if stream is None:
            stream = _Stream(frame, at, at, -1 if announced else 0, announced)
        behind = at + (frame.length or window.size - at)
        if behind > window.size:
            raise broken("is cut: it ends in the middle of an MP3 frame")
        at, stream = behind, replace(stream, end=behind, frames=stream.frames + 1)
    if stream is not None:
        yield stream


def _skip(window: Window, at: int) -> int:
    """Where to go on behind what is no frame: a tag, zeros at either end, odds and ends at the end.

    Raises:
        OutputRejected: a frame's header is cut, or frames follow what is neither.
    """
    length = tag_length(window, at)
    if length:
        return at + length
    sound = window.first_not_zero(at)
    if sound == window.size:
        return sound
    if window.size - at < 4 and window.read(at, 1) == b"\xff":
        raise broken("is cut: it ends in the middle of an MP3 frame's header")
    following = find_frames(window, at)
    if following is None:
        return window.size
    if at > 0 and not _is_beginning(window, at):
        raise broken(f"is damaged: {following - at} bytes at offset {at} are no MP3")
    return following


def _is_beginning(window: Window, at: int) -> bool:
    """Whether nothing but tags is in front."""
    place = 0
    while place < at:
        length = tag_length(window, place)
        if not length:
            return False
        place += length
    return True


def _decode(window: Window, stream: _Stream) -> float:
    """How long a stream plays, in seconds.

    Raises:
        OutputRejected: frames are missing, or do not decode.
    """
    announced = stream.announced or Announcement()
    missing = (announced.frames or 0) - stream.frames
    # Some writers count the frame that holds the announcement; then at least its number of bytes is right.
    is_counted_in = missing == 1 and announced.length is not None and announced.length <= stream.end - stream.start
    if stream.first.length and missing > 0 and not is_counted_in:
        raise broken(
            f"is shorter than its MP3 header says: {stream.frames} of {announced.frames} frames are there"
        )
    try:
        samples = count_mp3(window, stream.start, stream.end, stream.first.channels, stream.first.sample_rate)
    except DecodingFailed:
        raise broken("does not decode as MP3") from None
    expected = max(0, stream.frames - _UNDECODED) * stream.first.samples - announced.trimmed
    if not samples or samples < expected:
        raise broken(f"does not decode to its end: {samples} of {stream.frames * stream.first.samples} samples do")
    return samples / stream.first.sample_rate
