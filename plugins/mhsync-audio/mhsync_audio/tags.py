"""Tags before, between and after the frames of an MP3 file: ID3v2, ID3v1, APE. They contain no audio."""

from __future__ import annotations

from mhsync_audio.window import Window

_ID3V1 = 128
_ID3V2_HEADER = 10
_ID3V2_HAS_FOOTER = 0x10
_APE_HEADER = 32


def tag_length(window: Window, at: int) -> int:
    """The length in bytes of the tag that begins at an offset; 0 if there is none."""
    head = window.read(at, 16)
    if head[:3] == b"ID3" and len(head) >= _ID3V2_HEADER and not any(byte & 0x80 for byte in head[6:10]):
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        return size + _ID3V2_HEADER * (2 if head[5] & _ID3V2_HAS_FOOTER else 1)
    if head[:8] == b"APETAGEX" and len(head) == 16:
        return _APE_HEADER + int.from_bytes(head[12:16], "little")
    return _ID3V1 if head[:3] == b"TAG" else 0


def skip_tags(window: Window, at: int) -> int:
    """The offset after all tags that begin at an offset. It may be after the end of the file."""
    while at < window.size and (length := tag_length(window, at)):
        at += length
    return at
