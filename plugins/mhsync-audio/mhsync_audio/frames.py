"""The frames of an MP3 file: their headers of four bytes, and where the next frame begins.

As in ISO/IEC 11172-3 and 13818-3. Version 2.5 is Fraunhofer's extension for low rates. Only Layer III is MP3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from mhsync_audio.tags import tag_length
from mhsync_audio.window import Window

_HEADER = 4
_MPEG_1 = 3
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_LAYER_3 = 1
_MONO = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, as its header describes it."""

    version: int
    sample_rate: int
    channels: int
    samples: int
    """For each channel."""
    length: int
    """In bytes, with the header; 0 for a free bit rate, for which only a decoder can find the length."""
    side: int
    """The offset after the header and the side information, where a length header may be."""

    def continues(self, other: Frame) -> bool:
        """Whether it can follow the other frame in one stream."""
        return (self.version, self.sample_rate) == (other.version, other.sample_rate)


@lru_cache(maxsize=1024)
def parse(header: bytes) -> Frame | None:
    """Read a header of four bytes; None if it is not valid."""
    if len(header) < _HEADER or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bits, rate = header[2] >> 4, header[2] >> 2 & 3
    if layer != _LAYER_3 or version not in _RATES or bits == 15 or rate == 3 or header[3] & 3 == 2:
        return None
    is_first, is_mono = version == _MPEG_1, header[3] >> 6 == _MONO
    sample_rate = _RATES[version][rate]
    kbits = (_KBITS_1 if is_first else _KBITS_2)[bits]
    padding = header[2] >> 1 & 1
    return Frame(
        version=version,
        sample_rate=sample_rate,
        channels=1 if is_mono else 2,
        samples=1152 if is_first else 576,
        length=(144 if is_first else 72) * kbits * 1000 // sample_rate + padding if kbits else 0,
        side=_HEADER + ((17 if is_mono else 32) if is_first else (9 if is_mono else 17)),
    )


def frame_at(window: Window, at: int) -> Frame | None:
    return parse(window.read(at, _HEADER))


def find_frames(window: Window, start: int, *, within: int | None = None) -> int | None:
    """The offset of the first frame that another frame follows; None if there is none.

    A frame that nothing follows counts too: at the end of the file, before a tag, or with a free bit rate.

    Args:
        within: the number of bytes to search from `start`; None for the rest of the file.
    """
    end = window.size if within is None else min(start + within, window.size)
    for at, block in window.blocks(start):
        place = block.find(b"\xff")
        while place >= 0 and at + place < end:
            frame = frame_at(window, at + place)
            if frame is not None and _is_followed(window, at + place, frame):
                return at + place
            place = block.find(b"\xff", place + 1)
        if at + len(block) >= end:
            break
    return None


def _is_followed(window: Window, at: int, frame: Frame) -> bool:
    end = at + frame.length
    if not frame.length or end + _HEADER > window.size or tag_length(window, end):
        return True
    following = frame_at(window, end)
    return following is not None and following.continues(frame)
