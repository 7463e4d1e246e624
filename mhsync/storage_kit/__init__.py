"""What storage plugins share: public, and documented in docs/plugins.md."""

from __future__ import annotations

from mhsync.storage_kit.endpoints import TRUSTED_HOSTS, Endpoint, parse_endpoint, require_trusted_host

__all__ = ["TRUSTED_HOSTS", "Endpoint", "parse_endpoint", "require_trusted_host"]
