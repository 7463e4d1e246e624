"""Signatures as Standard Webhooks describes them: HMAC-SHA256 over `id.timestamp.body`, in base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

_PREFIX = "whsec_"
_SHORTEST = 8
"""Bytes of a key that `whsec_` marks: less is a mistake, not a secret."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with every key it has: while a secret is changed, a receiver may know the old one or the new one."""

    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Signer:
        """Read one secret, or several with spaces between.

        Base64 is decoded, with or without `whsec_` in front of it and with or without `=` at its end, as the
        reference library of Standard Webhooks does. Any other text is the key as it is, in UTF-8.

        Raises:
            ValueError: there is none, or what follows `whsec_` is no base64; the message does not show it.
        """
        keys = tuple(_key(secret) for secret in text.split())
        if not keys:
            raise ValueError("it holds no secret")
        return cls(keys)

    def headers(self, id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """The headers of one attempt; `timestamp` is in seconds since 1970, and of the attempt."""
        signed = f"{id}.{timestamp}.".encode() + body
        signatures = (base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in self.keys)
        return {
            "webhook-id": id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
        }


def _key(secret: str) -> bytes:
    key = _decoded(secret.removeprefix(_PREFIX))
    if secret.startswith(_PREFIX):
        if key is None or len(key) < _SHORTEST:
            raise ValueError(f"what follows whsec_ is no base64 of at least {_SHORTEST} bytes")
        return key
    return secret.encode() if key is None else key


def _decoded(text: str) -> bytes | None:
    """The bytes that the text is the base64 of; None where it has another form."""
    unpadded = text.rstrip("=")
    try:
        key = base64.b64decode(unpadded + "=" * (-len(unpadded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if key and len(text) - len(unpadded) in (0, -len(unpadded) % 4) else None
