"""What storage plugins share: public, and documented in docs/plugins.md."""

from __future__ import annotations

from mhsync.storage_kit.endpoints import TRUSTED_HOSTS, Endpoint, parse_endpoint, require_trusted_host
from mhsync.storage_kit.spool import Spool, spooling, sweep_spools

__all__ = [
    "TRUSTED_HOSTS",
    "Endpoint",
    "Spool",
    "parse_endpoint",
    "require_trusted_host",
    "spooling",
    "sweep_spools",
]  # fmt: skip
