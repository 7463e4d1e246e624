"""What servers say is data: shown bounded, with control characters escaped and secrets taken out."""

from __future__ import annotations

from mhsync.core.redaction import mask_secrets
from mhsync.core.text import without_queries

LIMIT = 300


def shown(text: str, *, secrets: tuple[str, ...] = (), limit: int = LIMIT) -> str:
    """A foreign text as one line that may be printed: no secret, no URL query, no control character."""
    text = without_queries(mask_secrets(text, secrets)[: limit * 8])
    line = "".join(char if char.isprintable() else _escaped(char) for char in text.strip())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _escaped(char: str) -> str:
    if char in "\r\n\t":
        return " "
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
