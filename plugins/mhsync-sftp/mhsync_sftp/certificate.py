"""Host certificates of OpenSSH, as its file PROTOCOL.certkeys describes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from mhsync.storage_kit import printable
from mhsync_sftp.wire import ProtocolError, Reader

SUFFIX = "-cert-v01@openssh.com"
"""The end of the names of certificate types."""
Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether a signature is valid: (public key blob of the signer, signed data, signature blob)."""
_KEY_FIELDS: Mapping[str, int] = MappingProxyType(
    {
        "ssh-ed25519": 1,
        "ecdsa-sha2-nistp256": 2,
        "ecdsa-sha2-nistp384": 2,
        "ecdsa-sha2-nistp521": 2,
        "ssh-rsa": 2,
    }
)
"""The number of fields of the public key in a certificate, by key type."""
_HOST = 2
_WEAK = ("ssh-rsa", "ssh-dss")
"""Signature algorithms with SHA-1."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A parsed certificate. Its signature is not checked yet."""

    usage: int
    """1 for users, 2 for hosts."""
    principals: tuple[str, ...]
    """Host names, which may contain wildcards."""
    valid_after: int
    """Unix seconds."""
    valid_before: int
    """Unix seconds."""
    critical: bytes
    """The critical options. None is defined for hosts."""
    authority: bytes
    """The public key blob of the signer."""
    signed: bytes
    signature: bytes
    algorithm: str
    """Of the signature."""

    @classmethod
    def parse(cls, blob: bytes) -> Certificate:
        """Read a certificate.

        Raises:
            ProtocolError: it has another format.
        """
        reader = Reader(blob)
        fields = _KEY_FIELDS.get(reader.text().removesuffix(SUFFIX))
        if fields is None:
            raise ProtocolError("the host certificate has an unknown type")
        for _ in range(1 + fields):  # the nonce and the public key
            reader.string()
        reader.long()  # the serial number
        usage = reader.number()
        reader.string()  # the id of the key, for logs
        names = Reader(reader.string())
        principals = []
        while not names.is_at_end:
            principals.append(names.text())
        after, before, critical = reader.long(), reader.long(), reader.string()
        reader.string()  # extensions, which may be ignored
        reader.string()  # reserved
        authority = reader.string()
        signed = blob[: reader.position]
        signature = reader.string()
        parts = Reader(signature)
        algorithm = parts.text()
        parts.string()
        if not (reader.is_at_end and parts.is_at_end):
            raise ProtocolError("the host certificate is too long")
        return cls(usage, tuple(principals), after, before, critical, authority, signed, signature, algorithm)

    def problem(self, host: str, now: float, verify: Verify) -> str | None:
        """Why the certificate does not prove the identity of a host; None if it does.

        Whether the signer is trusted is not checked.

        Args:
            now: Unix seconds.
        """
        if self.usage != _HOST:
            return "it is not a certificate for hosts"
        if self.critical:
            return "it has a critical option that is not supported"
        if now < self.valid_after:
            return "it is not valid yet"
        if now >= self.valid_before:
            return "it has expired"
        if not any(fnmatchcase(host.lower(), _pattern(name)) for name in self.principals):
            names = ", ".join(map(printable, self.principals))[:200] or "no host"
            return f"it is for {names}"
        if self.algorithm in _WEAK:
            return "its signature uses SHA-1"
        return None if verify(self.authority, self.signed, self.signature) else "its signature is not valid"


def _pattern(name: str) -> str:
    """In OpenSSH only `*` and `?` are special."""
    return name.lower().replace("[", "[[]")
