"""Parse transfer rates such as `500k`, `10M` or `1.5M`, in bytes per second."""

from __future__ import annotations

import re

_RATE = re.compile(r"(\d{1,15}(?:\.\d{1,3})?)([kmg]?)", re.ASCII | re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def parse_rate(text: str) -> float:
    """The bytes per second of a rate such as `65536`, `500k` or `10M`; `k`, `M` and `G` are powers of 1024.

    Raises:
        ValueError: the text is not a rate.
    """
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r:.40} is not a rate: write bytes per second, such as 65536, 500k or 10M")
    return float(match[1]) * _UNITS[match[2].lower()]
