"""Signatures as Standard Webhooks describes them: HMAC-SHA256 over `id.timestamp.body`, in base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with every key it has: while a secret is changed, a receiver may know the old one or the new one."""

    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Signer:
        """Read one secret, or several with spaces between: `whsec_` and base64, or any other text as it is.

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
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        key = base64.b64decode(secret[len(_PREFIX) :], validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError("what follows whsec_ is no base64")
    return key
