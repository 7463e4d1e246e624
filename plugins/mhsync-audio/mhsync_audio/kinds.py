"""Finds the format of a file from its first bytes. The name only helps to recognise MP3."""

from __future__ import annotations

from enum import StrEnum

from mhsync_audio.frames import find_frames
from mhsync_audio.tags import skip_tags
from mhsync_audio.window import Window

_SEARCH = 64 * 1024
"""The number of bytes in which the first frame of a file named .mp3 must begin."""
_OTHERS = (
    b"OggS",  # Vorbis, Opus, FLAC in Ogg
    b"riff\x2e\x91\xcf\x11",  # Wave64
    b"caff",
    b".snd",
    b"#!AMR",
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # Windows Media
    b"wvpk",
    b"MAC ",
    b"MThd",
)
_WAVES = (b"RIFF", b"RIFX", b"RF64", b"BW64")
_SYNCS = ((0xF6, 0xF0), (0xE6, 0xE4))
"""Masks and values of the second byte, after 0xFF: AAC in ADTS, and Layer II of MPEG audio."""
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Kind(StrEnum):
    WAV = "wav"
    MP3 = "mp3"
    FLAC = "flac"
    OTHER_AUDIO = "other"
    """Audio that this plugin does not decode."""
    UNKNOWN = "unknown"


def kind_of(window: Window, *, is_called_mp3: bool) -> Kind:
    """The format of the content. MP3 has no signature: in a file with that name, frames are searched for."""
    head = window.read(0, 16)
    if head[:4] in _WAVES and head[8:12] == b"WAVE":
        return Kind.WAV
    start = skip_tags(window, 0)
    if window.read(start, 4) == b"fLaC":
        return Kind.FLAC
    if _is_other(head) or _is_other(window.read(start, 16)):
        return Kind.OTHER_AUDIO
    if is_called_mp3 or start > 0:
        has_frames = find_frames(window, window.first_not_zero(start), within=_SEARCH) is not None
        return Kind.MP3 if has_frames or start >= window.size > 0 else Kind.UNKNOWN
    return Kind.MP3 if find_frames(window, 0, within=1) is not None else Kind.UNKNOWN


def looks_like_text(window: Window) -> bool:
    """Whether its first 512 bytes are text."""
    head = window.read(0, 512)
    if head.startswith(_BOMS):
        return True
    return bool(head) and all(byte >= 32 or byte in b"\t\n\r\f" for byte in head)


def describe(window: Window) -> str:
    """A short description of a file without known audio, for messages."""
    head = window.read(0, 512)
    if not head:
        return "nothing"
    start = head.removeprefix(_BOMS[0]).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        return "a web page"
    if start.startswith(b"<"):
        return "XML"
    if start.startswith((b"{", b"[")) and looks_like_text(window):
        return "JSON"
    if looks_like_text(window):
        return "text"
    return "only zeros" if window.first_not_zero(0) == window.size else "no known audio format"


def _is_other(head: bytes) -> bool:
    if head.startswith(_OTHERS) or head[4:8] == b"ftyp":
        return True
    if head[:4] == b"FORM":
        return head[8:12] in (b"AIFF", b"AIFC")
    return len(head) > 1 and head[0] == 0xFF and any(head[1] & mask == sync for mask, sync in _SYNCS)
