"""The `options` of a notify entry: names of environment variables, never secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mhsync import MhsyncError, read_notify_variable
from mhsync.storage_kit import suggest
from mhsync_webhook.signing import Signer

_SECRET = "secret_env"  # noqa: S105 - an option's name
_AUTHORIZATION = "authorization_env"
_KNOWN = (_SECRET, _AUTHORIZATION)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")


@dataclass(frozen=True, slots=True)
class Options:
    """Headers to send with each event. `signer` is None if events are not signed."""

    signer: Signer | None = None
    authorization: str | None = field(default=None, repr=False)
    """The value of the `Authorization` header."""

    @classmethod
    def read(cls, options: Mapping[str, Any], environ: Mapping[str, str]) -> Options:
        """Read the environment variables that the options name.

        Raises:
            MhsyncError: an option is unknown or is not a variable name, or the variable is not set or not allowed.
        """
        for name in options:
            if name not in _KNOWN:
                nearest = suggest(name, _KNOWN, cutoff=0.3)
                meant = f"did you mean {nearest}?" if nearest else f"it has {' and '.join(_KNOWN)}"
                raise MhsyncError(f"a webhook has no option {str(name)!r:.40}: {meant}")
        secret, authorization = (_look_up(options, name, environ) for name in _KNOWN)
        if authorization is not None and not _HEADER.fullmatch(authorization):
            raise MhsyncError(f"{options[_AUTHORIZATION]} ({_AUTHORIZATION}) is not a valid header value")
        if secret is None:
            return cls(None, authorization)
        try:
            return cls(Signer.read(secret), authorization)
        except ValueError as error:
            raise MhsyncError(f"{options[_SECRET]} ({_SECRET}): {error}") from None


def _look_up(options: Mapping[str, Any], option: str, environ: Mapping[str, str]) -> str | None:
    """The value of the variable that an option names; None if the option is not set."""
    if option not in options:
        return None
    name = options[option]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        # The text may be the secret itself, so it is not shown.
        raise MhsyncError(f"the option {option} is not the name of an environment variable")
    return read_notify_variable(name, environ, f"the option {option}")
