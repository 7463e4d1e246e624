"""For authors of plugins: the storage conformance suite and pytest fixtures. Needs the extra `mhsync[testing]`."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mhsync.testing.conformance import StorageConformance
    from mhsync.testing.opener import Opener

__all__ = ["Opener", "StorageConformance"]

_PUBLIC = {"Opener": "mhsync.testing.opener", "StorageConformance": "mhsync.testing.conformance"}


def __getattr__(name: str) -> Any:
    module = _PUBLIC.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "StorageConformance" and module not in sys.modules:
        import pytest

        # So that a failing promise shows its values, as a test of one's own does.
        pytest.register_assert_rewrite(module)
    return getattr(importlib.import_module(module), name)
