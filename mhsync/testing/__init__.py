"""For tests: the storage conformance suite, a sandbox of the API, and pytest fixtures.

It needs the extra `mhsync[testing]`. Each name is loaded when it is first used.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mhsync.sandbox import faults
    from mhsync.sandbox.account import Account, Output, SandboxProject, outputs_of
    from mhsync.sandbox.fault_context import FaultContext
    from mhsync.sandbox.rules import Faults, Rate, Rule
    from mhsync.sandbox.seed import seed_of
    from mhsync.sandbox.server import Sandbox
    from mhsync.sandbox.webhooks import Delivered, Webhook, WebhookFaults
    from mhsync.sandbox.wire import HttpResponse
    from mhsync.testing.conformance import StorageConformance
    from mhsync.testing.opener import Opener

__all__ = [  # noqa: RUF022 - grouped by use
    "Opener", "StorageConformance",
    "Sandbox", "Account", "SandboxProject", "Output", "outputs_of", "seed_of",
    "faults", "Faults", "Rule", "Rate", "FaultContext", "HttpResponse",
    "Webhook", "WebhookFaults", "Delivered",
]  # fmt: skip

_PUBLIC = {
    "HttpResponse": "mhsync.sandbox.wire",
    "Rate": "mhsync.sandbox.rules",
    "seed_of": "mhsync.sandbox.seed",
    "faults": "mhsync.sandbox.faults",
    "Faults": "mhsync.sandbox.rules",
    "FaultContext": "mhsync.sandbox.fault_context",
    "Opener": "mhsync.testing.opener",
    "Output": "mhsync.sandbox.account",
    "Rule": "mhsync.sandbox.rules",
    "Sandbox": "mhsync.sandbox.server",
    "SandboxProject": "mhsync.sandbox.account",
    "StorageConformance": "mhsync.testing.conformance",
    "Account": "mhsync.sandbox.account",
    "outputs_of": "mhsync.sandbox.account",
    "Delivered": "mhsync.sandbox.webhooks",
    "Webhook": "mhsync.sandbox.webhooks",
    "WebhookFaults": "mhsync.sandbox.webhooks",
}


def __getattr__(name: str) -> Any:
    module = _PUBLIC.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "StorageConformance" and module not in sys.modules:
        import pytest

        # A failing assertion in the suite then shows its values, like one in a test file.
        pytest.register_assert_rewrite(
            "mhsync.testing.conformance_writes",
            "mhsync.testing.conformance_files",
            "mhsync.testing.conformance_sharing",
        )
    loaded = importlib.import_module(module)
    return loaded if name == "faults" else getattr(loaded, name)
