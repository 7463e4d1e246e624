"""JSON as every command prints it: only ASCII, for every terminal and encoding."""

from __future__ import annotations

import json
from collections.abc import Mapping


def dumped(document: Mapping[str, object]) -> str:
    """One document, indented."""
    return json.dumps(document, indent=2)
