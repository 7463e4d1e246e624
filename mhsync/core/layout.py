"""Every name that mhsync uses under `.mhsync/` in a storage.

The names are in core because core checks receipts and path templates against them, and does not import
storage.
"""

from __future__ import annotations

PRIVATE_FOLDER = ".mhsync"
PRIVATE = f"{PRIVATE_FOLDER}/"
"""All files below it belong to mhsync."""

RECEIPTS = f"{PRIVATE}receipts/"
"""One JSON file for each project."""

TEMPORARY = f"{PRIVATE}tmp/"
"""Unfinished files; hidden from `list`."""

PARTIAL = f"{PRIVATE}partial/"
"""Interrupted downloads that the next run resumes; hidden from `list`."""

PARKED = f"{PRIVATE}moving/"
"""Outputs that are moved out of the way of other outputs, until their own path is free."""

PROBE = f"{PRIVATE}probe-"
"""Files that `mhsync doctor` writes and removes."""

LOCK = f"{PRIVATE}lock"
"""The lock file of a local folder; hidden from `list`."""

INDEX = f"{PRIVATE}receipts-index.jsonl"
"""What `plan` needs of all receipts, in one file: a cache that `apply` writes."""

SIGHTINGS = f"{PRIVATE}inbox/"
"""One JSON file for each project that a webhook or an import named: `core/sighting.py`."""

PULLED = f"{PRIVATE}pulled.jsonl"
"""In a folder that `mhsync pull` writes to: the files that it wrote or found there."""

CHECKS = f"{PRIVATE}checks.json"
"""When `mhsync verify --sample` last read each project: a cache."""
