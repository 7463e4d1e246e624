"""JSON as every command prints it: ASCII alone, so that no terminal and no encoding is in its way."""

from __future__ import annotations

import json
from collections.abc import Mapping


def dumped(document: Mapping[str, object]) -> str:
    """One document, indented."""
    return json.dumps(document, indent=2)
