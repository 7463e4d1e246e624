"""Reads `~/.aws/credentials` and `~/.aws/config`, which obstore does not read.

Only keys are read here. Other kinds of credentials (single sign-on, a role, a program) need boto3, which the extra
`mhsync-cloud[aws]` installs.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mhsync import StorageUnavailable

if TYPE_CHECKING:
    from obstore.store import S3Credential

_NEED_BOTO3 = (
    "credential_process", "credential_source", "login_session", "role_arn", "sso_session", "sso_start_url",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keys:
    """A credential provider of obstore. With it obstore ignores the keys of the environment."""

    access: str
    secret: str = field(repr=False)
    session: str | None = field(repr=False)

    def __call__(self) -> S3Credential:
        return {
            "access_key_id": self.access,
            "secret_access_key": self.secret,
            "token": self.session,
            "expires_at": None,
        }


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of both files. `keys` is None if it has no keys."""

    name: str
    region: str | None = None
    needs_boto3: bool = False
    keys: Keys | None = None


def read_profile(name: str, environ: Mapping[str, str], home: Path) -> Profile | None:
    """Read a profile; None if neither file has it.

    Raises:
        StorageUnavailable: a file cannot be read or parsed.
    """
    credentials = _read(Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials"))
    config = _read(Path(environ.get("AWS_CONFIG_FILE") or home / ".aws" / "config"))
    section = "default" if name == "default" else f"profile {name}"
    if not (credentials.has_section(name) or config.has_section(section)):
        return None
    found: dict[str, str] = {}
    for parser, title in ((config, section), (credentials, name)):
        if parser.has_section(title):
            found.update(parser.items(title))
    access, secret = found.get("aws_access_key_id"), found.get("aws_secret_access_key")
    keys = Keys(access, secret, found.get("aws_session_token") or None) if access and secret else None
    # As in the tools of AWS, a role has priority over keys in the same profile.
    needs_boto3 = "role_arn" in found or (keys is None and any(key in found for key in _NEED_BOTO3))
    return Profile(name, found.get("region"), needs_boto3, None if needs_boto3 else keys)


def _read(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(default_section="\0", strict=False)
    try:
        parser.read_string(path.expanduser().read_text(encoding="utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, configparser.Error, RuntimeError):
        # The message does not quote the line, which may contain the key.
        raise StorageUnavailable(
            f"{path} cannot be read", hint="check that it has the format of an AWS file and that you may read it"
        ) from None
    return parser
