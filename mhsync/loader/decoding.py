"""Decode a manifest: UTF-8 only, without control characters."""

from __future__ import annotations

import codecs
import re

from mhsync.errors import Problem
from mhsync.loader.problems import Problems
from mhsync.loader.yaml_nodes import Key
from mhsync.settings import MIB, ManifestSettings

# Tab, line feed and carriage return are text. The Unicode line breaks are not: editors and YAML count them
# differently, so that no line number could be right. A byte order mark is allowed at the beginning only.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_CONTROLS = bytes(code for code in (*range(32), 127) if code not in b"\t\n\r")
_UTF_16_OR_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_SAVE_AS = "save the file as UTF-8"


def decode(data: bytes | bytearray, problems: Problems, settings: ManifestSettings) -> str | None:
    """The text of a file without its byte order mark; None, and a problem, if it cannot be decoded."""
    if len(data) > settings.size:
        problems.put(too_large(settings))
        return None
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        problems.add("encoding", _not_utf8(data, error), _SAVE_AS, _place(data[: error.start].decode("utf-8")))
        return None
    unseen = None if _is_plain(data) else _UNSEEN.search(text)
    if unseen is not None:
        problems.add(
            "control",
            f"the file has a control character, U+{ord(unseen[0]):04X}",
            "remove it",
            _place(text[: unseen.start()]),
        )
        return None
    return text


def too_large(settings: ManifestSettings) -> Problem:
    """The problem of a file above the size limit."""
    message = f"the file is larger than {settings.size / MIB:g} MiB"
    return Problem("size", message, "spread the projects over several files")


def find_control(data: bytes) -> int | None:
    """The offset of the first ASCII control character; None if there is none."""
    if len(data.translate(None, _CONTROLS)) == len(data):
        return None
    found = re.search(b"[" + re.escape(_CONTROLS) + b"]", data)
    return None if found is None else found.start()


def _is_plain(data: bytes | bytearray) -> bool:
    """Whether the bytes are ASCII without control characters: a tenth of the time that the pattern takes."""
    return data.isascii() and len(data.translate(None, _CONTROLS)) == len(data)


def _not_utf8(data: bytes | bytearray, error: UnicodeDecodeError) -> str:
    if data.startswith(_UTF_16_OR_32):
        return "the file is UTF-16 or UTF-32, not UTF-8"
    return f"the file is not UTF-8: byte 0x{data[error.start]:02X}"


def _place(before: str) -> Key:
    """The position of the character after `before`."""
    before = before.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    line_start = before.rfind("\n") + 1
    return Key(before.count("\n") + 1, len(before) - line_start + 1)
