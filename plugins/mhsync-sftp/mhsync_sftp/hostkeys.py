"""Known hosts as OpenSSH keeps them: hashed names, wildcards, several keys of one server, revoked ones.

paramiko reads such files too, but looks at the first line of each kind only and at no `@revoked`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mhsync import StorageUnavailable
from mhsync_sftp.target import Target

_REVOKED = "@revoked"


@dataclass(frozen=True, slots=True)
class HostKey:
    """One line. `key` is the public key's bytes as SSH writes them, `kind` the name they begin with."""

    file: Path
    line: int
    names: tuple[str, ...]
    kind: str
    key: bytes
    is_revoked: bool

    def is_of(self, server: str) -> bool:
        """Whether the line is about the server, named `host` or `[host]:port`."""
        found = False
        for name in self.names:
            if _matches(name.removeprefix("!"), server):
                if name.startswith("!"):
                    return False
                found = True
        return found


class KnownHosts:
    """What is known of one server.

    Raises:
        StorageUnavailable: a file is there and cannot be read.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        keys = [key for file in target.known_hosts for key in _read(file)]
        self._revoked = frozenset(key.key for key in keys if key.is_revoked)
        mine = [key for key in keys if key.is_of(target.server)]
        # As OpenSSH does it: a line without a port is good for every port of its host.
        mine = mine or [key for key in keys if key.is_of(target.host)]
        self._keys = tuple(key for key in mine if not key.is_revoked)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of key that are known, so that the server is asked for one of those first."""
        return tuple(dict.fromkeys(key.kind for key in self._keys))

    def check(self, kind: str, key: bytes) -> None:
        """See that the key which the server showed is a known one.

        Raises:
            StorageUnavailable: it is not, and how to add it.
        """
        if key in self._revoked:
            raise StorageUnavailable(
                f"the host key of {self._target.server} is revoked ({kind} {fingerprint(key)})",
                hint="do not trust this server before its owner has explained it",
            )
        if any(known.key == key for known in self._keys):
            return
        same_kind = [known for known in self._keys if known.kind == kind]
        if same_kind:
            raise self._changed(kind, key, same_kind[0])
        raise self._unknown(kind, key)

    def _unknown(self, kind: str, key: bytes) -> StorageUnavailable:
        target = self._target
        return StorageUnavailable(
            f"the host key of {target.server} is not known: it shows {kind} {fingerprint(key)}; "
            f"to add it: {self._scan()}",
            hint="compare the fingerprint with what the server's owner says before you add it",
        )

    def _changed(self, kind: str, key: bytes, known: HostKey) -> StorageUnavailable:
        return StorageUnavailable(
            f"the host key of {self._target.server} has changed: it shows {kind} {fingerprint(key)}, "
            f"and {known.file}:{known.line} has {fingerprint(known.key)}",
            hint="somebody may stand in between; only once the server's owner confirms the new key: "
            f"ssh-keygen -R '{self._target.server}' -f {known.file} && {self._scan()}",
        )

    def _scan(self) -> str:
        port = "" if self._target.port == 22 else f"-p {self._target.port} "
        return f"ssh-keyscan {port}{self._target.host} >> {self._target.known_hosts[0]}"


def fingerprint(key: bytes) -> str:
    """A key's fingerprint as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _read(file: Path) -> Iterator[HostKey]:
    try:
        text = file.read_text("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StorageUnavailable(
            f"cannot read the known hosts in {file}: {error.strerror}",
            hint="let the user that runs mhsync read it",
        ) from error
    yield from _parse(file, text.splitlines())


def _parse(file: Path, lines: Iterable[str]) -> Iterator[HostKey]:
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else None
        # Other markers, such as @cert-authority, say nothing about a host key itself.
        if len(fields) < 3 or fields[0].startswith("#") or marker not in (None, _REVOKED):
            continue
        try:
            key = base64.b64decode(fields[2], validate=True)
        except binascii.Error:
            continue
        yield HostKey(file, number, tuple(fields[0].split(",")), fields[1], key, marker == _REVOKED)


def _matches(name: str, server: str) -> bool:
    if not name.startswith("|1|"):
        return fnmatchcase(server.lower(), name.lower().replace("[", "[[]"))
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in name[3:].split("|"))
    except ValueError:
        return False
    return hmac.compare_digest(hmac.new(salt, server.lower().encode(), hashlib.sha1).digest(), digest)
