"""What stands under `options` of a notify entry: names of environment variables, never secrets."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mhsync import MhsyncError, read_notify_variable
from mhsync_webhook.signing import Signer

_SECRET = "secret_env"  # noqa: S105 - an option's name
_AUTHORIZATION = "authorization_env"
_KNOWN = (_SECRET, _AUTHORIZATION)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")


@dataclass(frozen=True, slots=True)
class Options:
    """What is sent beside the event. `signer` is None where nothing is to be signed."""

    signer: Signer | None = None
    authorization: str | None = field(default=None, repr=False)
    """The whole value of the header `Authorization`."""

    @classmethod
    def read(cls, options: Mapping[str, Any], environ: Mapping[str, str]) -> Options:
        """Look the variables up that the options name.

        Raises:
            MhsyncError: an option is not known, is no name, or names a variable that is not set or not for it.
        """
        for name in options:
            if name not in _KNOWN:
                nearest = difflib.get_close_matches(str(name), _KNOWN, n=1, cutoff=0.3)
                meant = f"did you mean {nearest[0]}?" if nearest else f"known are {' and '.join(_KNOWN)}"
                raise MhsyncError(f"a webhook has no option {str(name)!r:.40}: {meant}")
        secret, authorization = (_look_up(options, name, environ) for name in _KNOWN)
        if authorization is not None and not _HEADER.fullmatch(authorization):
            raise MhsyncError(f"{options[_AUTHORIZATION]} ({_AUTHORIZATION}) holds what no header may hold")
        if secret is None:
            return cls(None, authorization)
        try:
            return cls(Signer.read(secret), authorization)
        except ValueError as error:
            raise MhsyncError(f"{options[_SECRET]} ({_SECRET}): {error}") from None


def _look_up(options: Mapping[str, Any], option: str, environ: Mapping[str, str]) -> str | None:
    """What the variable holds whose name is given; a missing one is an error, and nothing is sent without it."""
    if option not in options:
        return None
    name = options[option]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        # It may be the secret itself: it is not shown.
        raise MhsyncError(f"the option {option} is not the name of an environment variable")
    return read_notify_variable(name, environ, f"the option {option}")
