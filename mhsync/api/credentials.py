"""Where the API key comes from, and whether it can be one. A key is never shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mhsync.errors import CredentialsMissing

_VARIABLE = "MAGIC_HOUR_API_KEY"
_SIZE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key, and where it was found (for messages)."""

    key: str = field(repr=False)
    origin: str


def find_key(environ: Mapping[str, str], key_file: str | Path | None = None) -> Credential:
    """The key of `key_file` where one is given; else `MAGIC_HOUR_API_KEY`; else the vendor's config file.

    Raises:
        CredentialsMissing: there is none, or none that can be used; the message says where it was looked for.
    """
    if key_file is not None:
        return Credential(check_key(_read(Path(key_file)), str(key_file)), str(key_file))
    if environ.get(_VARIABLE, "").strip():
        return Credential(check_key(environ[_VARIABLE], _VARIABLE), _VARIABLE)
    config = _config_path(environ)
    key = "" if config is None else _key_in(config)
    if config is not None and key:
        return Credential(check_key(key, str(config)), str(config))
    elsewhere = "HOME is not set either, so there is no config file" if config is None else f"{config} holds none"
    raise CredentialsMissing(
        f"no API key: {_VARIABLE} is not set, and {elsewhere}",
        hint=f"set {_VARIABLE}, or name a file that holds the key with --api-key-file",
    )


def check_key(key: str, origin: str) -> str:
    """The key without the space and line break around it.

    Raises:
        CredentialsMissing: it is empty, or holds what no key holds: it would break the request's header.
    """
    key = key.strip()
    if not key:
        raise CredentialsMissing(f"no API key: {origin} is empty", hint=f"set {_VARIABLE}")
    if not (key.isascii() and key.isprintable()) or " " in key or len(key) > 4096:
        raise CredentialsMissing(
            f"no usable API key: what {origin} gives has a space, a line break or another odd character in it",
            hint="copy the key again from Magic Hour's developer page",
        )
    return key


def _config_path(environ: Mapping[str, str]) -> Path | None:
    """The vendor's own command line reads the same file (FACTS: Wire format)."""
    if environ.get("MAGIC_HOUR_CONFIG"):
        return Path(environ["MAGIC_HOUR_CONFIG"])
    base = environ.get("XDG_CONFIG_HOME") or (f"{environ['HOME']}/.config" if environ.get("HOME") else None)
    return None if base is None else Path(base) / "magic-hour" / "config.json"


def _read(path: Path, *, if_missing: str | None = None) -> str:
    """The text of a file; `if_missing` where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(_SIZE).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if if_missing is not None and isinstance(error, FileNotFoundError | NotADirectoryError):
            return if_missing
        reason = (error.strerror or "cannot be read") if isinstance(error, OSError) else "it is not text"
    raise CredentialsMissing(f"no API key: {path}: {reason.lower()}", hint="check the file that holds the key")


def _key_in(path: Path) -> str:
    """The key in the vendor's config file, `""` where there is none."""
    text = _read(path, if_missing="{}")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise CredentialsMissing(
            f"no API key: {path} is not a JSON object",
            hint=f'it must look like {{"api_key": "..."}}, or set {_VARIABLE}',
        )
    key = data.get("api_key")
    return key if isinstance(key, str) else ""
