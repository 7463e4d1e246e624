"""Signatures as Standard Webhooks describes them: HMAC-SHA256 over `id.timestamp.body`, in base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

_PREFIX = "whsec_"
_SHORTEST = 8
"""The minimum length in bytes of a key after `whsec_`. A shorter one is a mistake."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with each of its keys. While a secret is replaced, a receiver may know only one of the two."""

    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Signer:
        """Parse one secret, or several separated by spaces.

        Base64 is decoded, with or without the prefix `whsec_` and with or without padding, as in the reference
        library of Standard Webhooks. Any other text is the key itself, in UTF-8.

        Raises:
            ValueError: there is no secret, or the text after `whsec_` is not base64. The message does not show it.
        """
        keys = tuple(_key(secret) for secret in text.split())
        if not keys:
            raise ValueError("it contains no secret")
        return cls(keys)

    def headers(self, id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """The headers of one attempt. `timestamp` is the time of the attempt in seconds since 1970."""
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
            raise ValueError(f"the text after whsec_ is not base64 of at least {_SHORTEST} bytes")
        return key
    return secret.encode() if key is None else key


def _decoded(text: str) -> bytes | None:
    """The bytes of a base64 text; None for any other text."""
    unpadded = text.rstrip("=")
    try:
        key = base64.b64decode(unpadded + "=" * (-len(unpadded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if key and len(text) - len(unpadded) in (0, -len(unpadded) % 4) else None
