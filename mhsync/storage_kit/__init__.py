"""Tools for plugins, public. docs/plugins.md describes them."""

from __future__ import annotations

from mhsync.core.backoff import backoff_delay
from mhsync.core.hosts import is_loopback
from mhsync.core.printable import printable
from mhsync.core.redaction import MASK, mask_secrets, may_name_secret, names_secret, redact
from mhsync.core.suggest import suggest
from mhsync.fileio.processes import ProcessIdentity, has_ended, is_running, machine_id, utc_text
from mhsync.storage_kit.endpoints import TRUSTED_HOSTS, Endpoint, parse_endpoint, require_trusted_host
from mhsync.storage_kit.logs import log_filter
from mhsync.storage_kit.minimal import MinimalStorage
from mhsync.storage_kit.options import Options, refuse_unknown_options
from mhsync.storage_kit.paths import check_file_path, is_file_path
from mhsync.storage_kit.reader import CheckedReader
from mhsync.storage_kit.spool import Spool, spooling, sweep_spools

__all__ = [
    "MASK",
    "TRUSTED_HOSTS",
    "CheckedReader",
    "Endpoint",
    "MinimalStorage",
    "Options",
    "ProcessIdentity",
    "Spool",
    "backoff_delay",
    "check_file_path",
    "has_ended",
    "is_file_path",
    "is_loopback",
    "is_running",
    "log_filter",
    "machine_id",
    "mask_secrets",
    "may_name_secret",
    "names_secret",
    "parse_endpoint",
    "printable",
    "redact",
    "refuse_unknown_options",
    "require_trusted_host",
    "spooling",
    "suggest",
    "sweep_spools",
    "utc_text",
]  # fmt: skip
