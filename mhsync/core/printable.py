"""Makes a text printable: one line, encodable in UTF-8."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text on one line, encodable in UTF-8: a line feed becomes `\\x0a`, an undecodable byte `\\udcff`."""
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in safe)
