"""Finds and checks the API key (a key file, `MAGIC_HOUR_API_KEY`, the vendor's config file). It is never shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from mhsync.dataclass import dataclass
from mhsync.errors import CredentialsMissing

_VARIABLE = "MAGIC_HOUR_API_KEY"
_FILE_MAX = 64 * 1024
_KEY_MAX = 4096


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key, and its source (for messages)."""

    key: str = field(repr=False)
    origin: str


def find_key(environ: Mapping[str, str], key_file: str | Path | None = None) -> Credential:
    """The key from `key_file` if given; else from `MAGIC_HOUR_API_KEY`; else from the vendor's config file.

    Raises:
        CredentialsMissing: no key was found, or it is invalid; the message names the places that were searched.
    """
    if key_file is not None:
        return Credential(check_key(_read(Path(key_file)), str(key_file)), str(key_file))
    if environ.get(_VARIABLE, "").strip():
        return Credential(check_key(environ[_VARIABLE], _VARIABLE), _VARIABLE)
    config = _config_path(environ)
    key = "" if config is None else _key_in(config)
    if config is not None and key:
        return Credential(check_key(key, str(config)), str(config))
    config_problem = "HOME is not set, so there is no config file" if config is None else f"{config} has no key"
    raise CredentialsMissing(
        f"no API key: {_VARIABLE} is not set, and {config_problem}",
        hint=f"set {_VARIABLE}, or name a file that contains the key with --api-key-file",
    )


def check_key(key: str, origin: str) -> str:
    """The key without surrounding white space.

    Args:
        origin: the source of the key, for messages.

    Raises:
        CredentialsMissing: it is empty, too long, or contains a character that a request header cannot carry.
    """
    key = key.strip()
    if not key:
        raise CredentialsMissing(f"no API key: {origin} is empty", hint=f"set {_VARIABLE}")
    if len(key) > _KEY_MAX:
        problem = f"is longer than {_KEY_MAX} characters"
    elif not (key.isascii() and key.isprintable()) or " " in key:
        problem = "contains a space, a line break or another invalid character"
    else:
        return key
    raise CredentialsMissing(
        f"no valid API key: the value of {origin} {problem}",
        hint="copy the key again from Magic Hour's developer page",
    )


def _config_path(environ: Mapping[str, str]) -> Path | None:
    """The config file of the vendor's own command line."""
    if environ.get("MAGIC_HOUR_CONFIG"):
        return Path(environ["MAGIC_HOUR_CONFIG"])
    base = environ.get("XDG_CONFIG_HOME") or (f"{environ['HOME']}/.config" if environ.get("HOME") else None)
    return None if base is None else Path(base) / "magic-hour" / "config.json"


def _read(path: Path, *, if_missing: str | None = None) -> str:
    """The text of a file; `if_missing` where the file does not exist."""
    try:
        with path.open("rb") as file:
            return file.read(_FILE_MAX).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if if_missing is not None and isinstance(error, FileNotFoundError | NotADirectoryError):
            return if_missing
        reason = (error.strerror or "cannot be read").lower() if isinstance(error, OSError) else "not UTF-8 text"
    raise CredentialsMissing(f"no API key: {path}: {reason}", hint="check the file that contains the key")


def _key_in(path: Path) -> str:
    """The key in the vendor's config file, `""` where it contains none."""
    text = _read(path, if_missing="{}")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise CredentialsMissing(
            f"no API key: {path} is not a JSON object",
            hint=f'write it as {{"api_key": "..."}}, or set {_VARIABLE}',
        )
    key = data.get("api_key")
    return key if isinstance(key, str) else ""
