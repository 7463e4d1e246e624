"""Makes text from servers printable: bounded, on one line, control characters escaped, secrets removed."""

from __future__ import annotations

from mhsync.core.redaction import mask_secrets, without_queries

LIMIT = 300


def sanitize(text: str, *, secrets: tuple[str, ...] = (), limit: int = LIMIT) -> str:
    """Text from a server as one line of at most `limit` characters, safe to print.

    Secrets are masked, URL queries removed, control characters escaped.
    """
    text = without_queries(mask_secrets(text, secrets)[: limit * 8])
    line = "".join(char if char.isprintable() else _escaped(char) for char in text.strip())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _escaped(char: str) -> str:
    if char in "\r\n\t":
        return " "
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
