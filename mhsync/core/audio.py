"""Recognition of audio by the first bytes of a file: its format and its minimum size, or that it is a text.

A file that is truncated after its first bytes is still recognised; `Audio.least` is its minimum size.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import StrEnum

from mhsync.dataclass import dataclass

HEAD = 16 * 1024
"""Bytes at the start of a file that are examined: two frames of every format fit in."""
UNRECOGNISED = "unrecognised"
"""The format of a file that is not known to be audio."""

_UTF8_BOM = b"\xef\xbb\xbf"
_CONTROLS = frozenset(range(0x20)) - frozenset(b"\t\n\r\f") | {0x7F}
_TEXT_STARTS = (b"<!doctype", b"<html", b"<?xml", b"<error", b'{"')


@dataclass(frozen=True, slots=True)
class Audio:
    """The properties that the first bytes of a file show. `format` is a name such as `wav`, or `unrecognised`."""

    format: str
    least: int = 0
    """The minimum size in bytes, according to the header."""
    total: int | None = None
    """The exact size in bytes, if the header gives it."""

    @property
    def is_recognised(self) -> bool:
        return self.format != UNRECOGNISED


def recognise(head: bytes) -> Audio:
    """The audio format of a file.

    Args:
        head: the first `HEAD` bytes of the file, or all of a shorter file.
    """
    for read in _FORMATS:
        found = read(head)
        if found is not None:
            return found
    return Audio(UNRECOGNISED)


def is_text(head: bytes) -> bool:
    """Whether a file begins like a text (a web page, JSON, XML, plain text), in UTF-8, UTF-16 or Latin-1.

    Recognised audio is not a text. Any other file is one if its only control characters are white space.
    """
    head = head[:HEAD]
    if not head or recognise(head).is_recognised:
        return False
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _is_utf16(head[2:], high=1 if head[0] == 0xFF else 0)
    plain = head.removeprefix(_UTF8_BOM)
    if plain.lstrip().lower().startswith(_TEXT_STARTS) or _CONTROLS.isdisjoint(plain):
        return True
    return len(plain) >= 4 and any(not any(plain[high::2]) and _is_utf16(plain, high=high) for high in (0, 1))


def _is_utf16(data: bytes, *, high: int) -> bool:
    """Whether no pair of bytes is a control character; `high` is the index of its high byte."""
    pairs = zip(data[high::2], data[1 - high :: 2], strict=False)
    return not any(upper == 0 and lower in _CONTROLS for upper, lower in pairs)


# RIFF and IFF ---------------------------------------------------------------------------------------------------

_PLACEHOLDERS = (
    range(1),
    range(0x7F000000, 0x7F001000),
    range(0x7FFFF000, 0x80000000),
    range(0xFFFFF000, 1 << 32),
)
"""Sizes that programs write if they do not know the length yet: 0 and -1, and the two ranges of SoX."""
_PCM_HEADER = 16


def is_placeholder(size: int) -> bool:
    return any(size in sizes for sizes in _PLACEHOLDERS)


def _wav(head: bytes) -> Audio | None:
    """WAV in all of its forms: RIFF, RF64 and BW64 (sizes of 64 bits in `ds64`), integer, float or compressed."""
    if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:12] != b"WAVE":
        return None
    size = int.from_bytes(head[4:8], "little")
    data_size: int | None = None
    total = None if is_placeholder(size) or head[:4] != b"RIFF" else size + 8
    least, at, has_format = 12, 12, False
    while at + 8 <= len(head):
        name, length = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        if name == b"ds64" and length >= 16 and at + 24 <= len(head):
            riff, data_size = struct.unpack_from("<QQ", head, at + 8)
            total = riff + 8 if riff else None
        elif name == b"fmt ":
            has_format = length >= _PCM_HEADER
        elif name == b"data":
            wanted = data_size if length == 0xFFFFFFFF and data_size is not None else length
            least = at + 8 + (0 if is_placeholder(wanted) else wanted)
            break
        at += 8 + length + length % 2
        least = at
    if not has_format and at <= len(head):
        return None
    return Audio("wav", max(least, total or 0), total)


def _aiff(head: bytes) -> Audio | None:
    if head[:4] != b"FORM" or head[8:12] not in (b"AIFF", b"AIFC"):
        return None
    size = int.from_bytes(head[4:8], "big")
    total = None if is_placeholder(size) else size + 8
    least, at, has_common = 12, 12, False
    while at + 8 <= len(head):
        name, length = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "big")
        has_common = has_common or name == b"COMM"
        if is_placeholder(length):
            least = at + 8
            break
        at += 8 + length + length % 2
        least = at - length % 2  # Some programs leave out the last pad byte.
    if not has_common and at <= len(head):
        return None
    return Audio("aiff", max(least, total or 0), total)


# MPEG audio -----------------------------------------------------------------------------------------------------

MPEG_BITRATES = {  # kbit/s, by (is MPEG 1, layer)
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
MPEG_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Samples a second, by the version bits of a frame header."""
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")
"""Starts of tags that may follow the last frame."""
_ID3_HEADER = 10
_SMALLEST_FRAME = 24


def mpeg_frame(data: bytes) -> int | None:
    """The size in bytes of a frame of MPEG audio, layer 2 or 3, from its header of four bytes."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return None
    version, layer = data[1] >> 3 & 3, 4 - (data[1] >> 1 & 3)
    bitrate, rate, padding = data[2] >> 4, data[2] >> 2 & 3, data[2] >> 1 & 1
    if version == 1 or layer not in (2, 3) or not 0 < bitrate < 15 or rate == 3 or data[3] & 3 == 2:
        return None
    bits = MPEG_BITRATES[version == 3, layer][bitrate - 1] * 1000
    factor = 72 if version != 3 and layer == 3 else 144
    return factor * bits // MPEG_RATES[version][rate] + padding


def _mp3(head: bytes) -> Audio | None:
    if head[:3] == b"ID3":
        return _tagged(head)
    found = _frames(head, "mp3", mpeg_frame)
    return None if found is None else Audio("mp3", max(found.least, _counted_bytes(head)))


def xing_header(frame: bytes) -> int | None:
    """The offset of the Xing or Info header in the first frame; None without such a header."""
    is_mono, is_mpeg1 = frame[3] >> 6 == 3, frame[1] >> 3 & 3 == 3
    at = 4 + ((17 if is_mono else 32) if is_mpeg1 else (9 if is_mono else 17))
    return at if frame[at : at + 4] in (b"Xing", b"Info") else None


def _counted_bytes(head: bytes) -> int:
    """The number of bytes from the first frame on, by its Xing or Info header; 0 without such a header."""
    at = xing_header(head)
    if at is None:
        return 0
    flags = int.from_bytes(head[at + 4 : at + 8], "big")
    where = at + 8 + (4 if flags & 1 else 0)
    return int.from_bytes(head[where : where + 4], "big") if flags & 2 else 0


def _tagged(head: bytes) -> Audio | None:
    """A file that begins with an ID3v2 tag: mostly MP3; AAC and FLAC may have one too."""
    if len(head) < _ID3_HEADER or head[3] not in (2, 3, 4) or head[4] == 0xFF or max(head[6:10]) > 0x7F:
        return None
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    start = _ID3_HEADER + size + (_ID3_HEADER if head[5] & 0x10 else 0)
    rest = head[start:].lstrip(b"\0")  # Some programs add padding after the tag.
    start = max(start, len(head) - len(rest))
    if len(rest) < _SMALLEST_FRAME:
        return Audio("mp3", start + _SMALLEST_FRAME)
    for read in (_mp3, _aac, _flac):
        found = read(rest)
        if found is not None:
            return Audio(found.format, start + found.least)
    return None


def _frames(head: bytes, name: str, length_of: Callable[[bytes], int | None]) -> Audio | None:
    """A format that consists of frames: the first two must be valid, if there are two."""
    first = length_of(head)
    if first is None:
        return None
    behind = head[first:]
    if behind and not behind.startswith(_TAGS) and not _may_begin_frame(behind, length_of):
        return None
    return Audio(name, first)


def _may_begin_frame(data: bytes, length_of: Callable[[bytes], int | None]) -> bool:
    if len(data) < _ADTS_HEADER:  # The file, or its examined part, ends within a header.
        return data[0] == 0xFF
    return length_of(data) is not None


_ADTS_HEADER = 7


def _adts_frame(data: bytes) -> int | None:
    """The size in bytes of a frame, from its ADTS header."""
    if len(data) < _ADTS_HEADER or data[0] != 0xFF or data[1] & 0xF6 != 0xF0 or data[2] >> 2 & 15 > 12:
        return None
    length = (data[3] & 3) << 11 | data[4] << 3 | data[5] >> 5
    return length if length > _ADTS_HEADER else None


def _aac(head: bytes) -> Audio | None:
    return _frames(head, "aac", _adts_frame)


# Others ---------------------------------------------------------------------------------------------------------


def _flac(head: bytes) -> Audio | None:
    """FLAC: the first block of metadata is STREAMINFO, of 34 bytes."""
    if head[:4] != b"fLaC" or head[4:5] not in (b"\0", b"\x80") or head[5:8] != b"\0\0\x22":
        return None
    at, is_last = 4, False
    while not is_last and at + 4 <= len(head):
        is_last = bool(head[at] & 0x80)
        at += 4 + int.from_bytes(head[at + 1 : at + 4], "big")
    return Audio("flac", at)


def _ogg(head: bytes) -> Audio | None:
    """Ogg (Vorbis, Opus, FLAC, Speex): pages, each with a table of the lengths of its segments."""
    at = 0
    while head[at : at + 5] == b"OggS\0" and at + 27 <= len(head):
        table = head[at + 27 : at + 27 + head[at + 26]]
        at += 27 + head[at + 26] + sum(table)
    is_whole_page = at > 0 and head[at : at + 4] == b"OggS"[: max(0, len(head) - at)]
    return Audio("ogg", at) if is_whole_page else None


def _mp4(head: bytes) -> Audio | None:
    """MP4 and M4A: boxes, `ftyp` first; a box of size 0 extends to the end of the file."""
    if head[4:8] != b"ftyp":
        return None
    at, boxes = 0, set()
    while at + 8 <= len(head):
        size, header = int.from_bytes(head[at : at + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(head[at + 8 : at + 16], "big"), 16
        if not head[at + 4 : at + 8].isalnum() or 0 < size < header:
            break
        boxes.add(head[at + 4 : at + 8])
        if size == 0:
            at += header
            break
        at += size
    # A file that was examined completely must have an index and samples; else it was truncated between two boxes.
    return Audio("mp4", at) if at > len(head) or {b"moov", b"mdat"} <= boxes else None


def _webm(head: bytes) -> Audio | None:
    """WebM and Matroska: an EBML header that names one of the two."""
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return None
    if not any(b"\x42\x82" + bytes((0x80 | len(kind),)) + kind in head[:256] for kind in (b"webm", b"matroska")):
        return None
    header = _ebml_size(head, 4)
    if header is None:
        return None
    at = header[0] + (header[1] or 0)
    if head[at : at + 4] not in (b"\x18\x53\x80\x67", b""):
        return None
    start, size = _ebml_size(head, at + 4) or (at + 12, None)
    return Audio("webm", start + (size or 0))


def _ebml_size(data: bytes, at: int) -> tuple[int, int | None] | None:
    """The start of the content and its size (None: unknown), from the number at `at`."""
    if at >= len(data) or data[at] == 0:
        return None
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        return None
    mask = (1 << 7 * length) - 1
    value = int.from_bytes(data[at : at + length], "big") & mask
    return at + length, None if value == mask else value


_FORMATS: tuple[Callable[[bytes], Audio | None], ...] = (_wav, _aiff, _flac, _ogg, _mp4, _webm, _mp3, _aac)


class Doubt(StrEnum):
    """The reason why a stored file is not accepted as complete audio."""

    TEXT = "text"
    UNRECOGNISED = "unrecognised"
    TOO_SHORT = "too_short"


def doubt_of(head: bytes, size: int) -> Doubt | None:
    """The reason why a file is not accepted as complete audio; None if it is accepted.

    Args:
        head: the first `HEAD` bytes of the file, or all of a shorter file.
        size: bytes of the file.
    """
    if is_text(head):
        return Doubt.TEXT
    audio = recognise(head)
    if not audio.is_recognised:
        return Doubt.UNRECOGNISED
    return Doubt.TOO_SHORT if size < audio.least else None
