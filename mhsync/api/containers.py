"""What a file says of its own length: the last word where no answer announced one."""

from __future__ import annotations

HEAD = 64
"""Bytes at the start of a file that are looked at."""
_MESSAGES = (b"<!doctype", b"<html", b"<?xml", b'{"')
_UNKNOWN = (0, 0xFFFFFFFF)
"""What programs write that do not know the length beforehand."""


def is_message(head: bytes) -> bool:
    """Whether a file begins as a web page, XML or JSON does, whatever its content type says: no audio does."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_MESSAGES)


def announced_size(head: bytes) -> int | None:
    """Bytes that a file should have at least, as its own header says; None where it says nothing.

    WAV (RIFF, little-endian) and AIFF (IFF, big-endian) announce the bytes behind their first eight.
    """
    if len(head) < 12 or head[8:12] not in (b"WAVE", b"AIFF", b"AIFC"):
        return None
    if head[:4] not in (b"RIFF", b"FORM"):
        return None
    size = int.from_bytes(head[4:8], "little" if head[:4] == b"RIFF" else "big")
    return None if size in _UNKNOWN else size + 8
