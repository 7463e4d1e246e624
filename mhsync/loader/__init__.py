"""YAML text to values: positions, the schema, many files. The only room that knows yaml and jsonschema.

`load` is loaded when it is first used: who only reads strict YAML needs no jsonschema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mhsync.loader.files import load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    if name != "load":
        raise AttributeError(f"module 'mhsync.loader' has no attribute {name!r}")
    from mhsync.loader.files import load

    return load
