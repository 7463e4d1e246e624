"""Reads known_hosts files as OpenSSH does: hashed names, wildcards, several keys, revoked keys, authorities.

paramiko reads such files too, but uses only the first line of each key type, and ignores markers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mhsync import StorageUnavailable
from mhsync_sftp.certificate import Certificate, Verify
from mhsync_sftp.target import Target
from mhsync_sftp.wire import ProtocolError

_REVOKED = "@revoked"
_AUTHORITY = "@cert-authority"


@dataclass(frozen=True, slots=True)
class HostKey:
    """A line of a known_hosts file: its key type (`kind`, such as `ssh-ed25519`) and its public key blob."""

    file: Path
    line: int
    names: tuple[str, ...]
    kind: str
    key: bytes
    marker: str | None

    def is_of(self, server: str) -> bool:
        """Whether the line applies to the server, given as `host` or `[host]:port`."""
        found = False
        for name in self.names:
            if _matches(name.removeprefix("!"), server):
                if name.startswith("!"):
                    return False
                found = True
        return found


class KnownHosts:
    """The known host keys of one server.

    Raises:
        StorageUnavailable: a file exists but cannot be read.
    """

    def __init__(self, target: Target, now: Callable[[], float] = time.time) -> None:
        self._target = target
        self._now = now
        keys = [key for file in target.known_hosts for key in _read(file)]
        self._revoked = frozenset(key.key for key in keys if key.marker == _REVOKED)
        own = [key for key in keys if key.is_of(target.server)]
        # As in OpenSSH, a line without a port applies to every port that has no line of its own.
        own = own or [key for key in keys if key.is_of(target.host)]
        self._keys = tuple(key for key in own if key.marker is None)
        self._authorities = frozenset(key.key for key in own if key.marker == _AUTHORITY)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The types of the known keys. The client prefers them when it negotiates with the server."""
        return tuple(dict.fromkeys(key.kind for key in self._keys))

    @property
    def has_authority(self) -> bool:
        """Whether a certificate authority is known for the server."""
        return bool(self._authorities)

    def check_certificate(self, kind: str, key: bytes, certificate: bytes, verify: Verify) -> None:
        """Check the certificate that the server presented.

        As in OpenSSH, the key in it is checked like one without a certificate if its authority is not known, or if
        a line has that key.

        Args:
            kind: the type of the key in the certificate.
            key: the key in the certificate.
            certificate: the certificate itself.
            verify: checks the signature.

        Raises:
            StorageUnavailable: the certificate is not valid, or the key is revoked or not known.
        """
        try:
            read = Certificate.parse(certificate)
            if read.authority not in self._authorities or any(known.key == key for known in self._keys):
                self.check(kind, key)
                return
            if not self._revoked.isdisjoint((key, certificate, read.authority)):
                raise self._is_revoked(kind, key)
            problem = read.problem(self._target.host, self._now(), verify)
        except ProtocolError as error:
            problem = str(error)
        if problem is not None:
            raise StorageUnavailable(
                f"the host certificate of {self._target.server} is not accepted: {problem}",
                hint="check the host in the URL, or ask the server's administrator for a new certificate",
            )

    def check(self, kind: str, key: bytes) -> None:
        """Check the key that the server presented.

        Raises:
            StorageUnavailable: the key is revoked, has changed or is not known. The message says how to add it.
        """
        if key in self._revoked:
            raise self._is_revoked(kind, key)
        if any(known.key == key for known in self._keys):
            return
        same_kind = [known for known in self._keys if known.kind == kind]
        if same_kind:
            raise self._changed(kind, key, same_kind[0])
        raise self._unknown(kind, key)

    def _is_revoked(self, kind: str, key: bytes) -> StorageUnavailable:
        return StorageUnavailable(
            f"the host key of {self._target.server} or its authority is revoked ({kind} {fingerprint(key)})",
            hint="do not connect to this server; ask its administrator",
        )

    def _unknown(self, kind: str, key: bytes) -> StorageUnavailable:
        target = self._target
        return StorageUnavailable(
            f"the host key of {target.server} is not known: the server presented {kind} {fingerprint(key)}; "
            f"to add it: {self._scan()}",
            hint="compare the fingerprint with the one from the server's administrator before you add it",
        )

    def _changed(self, kind: str, key: bytes, known: HostKey) -> StorageUnavailable:
        return StorageUnavailable(
            f"the host key of {self._target.server} has changed: the server presented {kind} {fingerprint(key)}, "
            f"but {known.file}:{known.line} has {fingerprint(known.key)}",
            hint="the connection may be intercepted; if the server's administrator confirms the new key, "
            "replace the old one: "
            f"ssh-keygen -R '{self._target.server}' -f {known.file} && {self._scan()}",
        )

    def _scan(self) -> str:
        port = "" if self._target.port == 22 else f"-p {self._target.port} "
        return f"ssh-keyscan {port}{self._target.host} >> {self._target.known_hosts[0]}"


def fingerprint(key: bytes) -> str:
    """The fingerprint of a key, in the form of `ssh-keygen -l`."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _read(file: Path) -> Iterator[HostKey]:
    try:
        text = file.read_text("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StorageUnavailable(
            f"cannot read the known hosts in {file}: {error.strerror}",
            hint="give the user that runs mhsync read permission",
        ) from error
    yield from _parse(file, text.splitlines())


def _parse(file: Path, lines: Iterable[str]) -> Iterator[HostKey]:
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else None
        if len(fields) < 3 or fields[0].startswith("#") or marker not in (None, _REVOKED, _AUTHORITY):
            continue
        try:
            key = base64.b64decode(fields[2], validate=True)
        except binascii.Error:
            continue
        yield HostKey(file, number, tuple(fields[0].split(",")), fields[1], key, marker)


def _matches(name: str, server: str) -> bool:
    if not name.startswith("|1|"):
        return fnmatchcase(server.lower(), name.lower().replace("[", "[[]"))
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in name[3:].split("|"))
    except ValueError:
        return False
    return hmac.compare_digest(hmac.new(salt, server.lower().encode(), hashlib.sha1).digest(), digest)
