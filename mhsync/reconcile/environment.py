"""What a run takes from environment variables. The mapping is passed in; nothing here reads `os.environ`."""

from __future__ import annotations

from collections.abc import Mapping


def is_ci_runner(environ: Mapping[str, str]) -> bool:
    """Whether this is a CI runner: `CI` is set, and is neither empty nor `false` nor `0`."""
    return environ.get("CI", "").strip().lower() not in ("", "false", "0")


def plugins_to_load(environ: Mapping[str, str]) -> tuple[str, ...] | None:
    """The distribution names that `MHSYNC_PLUGINS` lists; None where it is not set, which means all of them."""
    listed = environ.get("MHSYNC_PLUGINS")
    return None if listed is None else tuple(name.strip() for name in listed.split(",") if name.strip())
