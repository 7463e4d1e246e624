"""Opens SSH connections: checks the host key of the server, then authenticates. Only this module uses paramiko."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import paramiko

from mhsync import StorageUnavailable
from mhsync.storage_kit import printable
from mhsync_sftp.certificate import SUFFIX
from mhsync_sftp.hostkeys import KnownHosts
from mhsync_sftp.session import Session
from mhsync_sftp.target import PASSPHRASE, PASSWORD, Target
from mhsync_sftp.wire import ConnectionLost

_LOG = "mhsync_sftp.ssh"
_KEEPALIVE = 20
"""Seconds between keepalive messages."""
_WINDOW = 4 * 1024 * 1024
"""Bytes of a channel that may be on the way."""
_PACKET = 256 * 1024
"""Bytes of one SSH packet from the server, at most. Each packet has the same cost, whatever its length."""
_FAST_CIPHER = "aes128-gcm@openssh.com"
"""Encrypts and authenticates in one step, with instructions of the processor. It is used if the server has it."""
_UNREACHABLE = "check that the server runs, and the host and the port in the URL"
_KEY_CLASSES = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class SessionsExhausted(Exception):
    """The server refuses another session on this connection."""


class Connection:
    """An open and authenticated connection."""

    def __init__(self, client: paramiko.SSHClient, timeout: float) -> None:
        self._client = client
        self._timeout = timeout

    @property
    def is_alive(self) -> bool:
        transport = self._client.get_transport()
        return transport is not None and transport.is_active()

    def open_session(self) -> Session:
        """Open another SFTP session.

        Raises:
            SessionsExhausted: the server refuses another session.
            ConnectionLost: the connection broke, or the server does not speak SFTP.
        """
        transport = self._client.get_transport()
        if transport is None:
            raise ConnectionLost("the connection was closed")
        try:
            channel = transport.open_session(_WINDOW, _PACKET, timeout=self._timeout)
            channel.settimeout(self._timeout)
            channel.invoke_subsystem("sftp")
        except paramiko.ChannelException as error:
            raise SessionsExhausted from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise ConnectionLost(str(error) or type(error).__name__) from error
        try:
            return Session(channel, self._timeout)
        except ConnectionLost:
            channel.close()
            raise

    def close(self) -> None:
        with suppress(Exception):  # the connection may be broken already
            self._client.close()


def connect(target: Target) -> Connection:
    """Open a connection.

    Raises:
        StorageUnavailable: the server cannot be reached, its host key is not trusted, or it refuses the
            credentials.
    """
    known = KnownHosts(target)
    client = paramiko.SSHClient()
    client.set_log_channel(_ssh_log_name())
    client.set_missing_host_key_policy(_Policy(known))
    key = None if target.key_file is None else _load_key(target.key_file, target.passphrase)
    try:
        client.connect(
            target.host,
            target.port,
            target.user,
            password=target.password,
            passphrase=target.passphrase,
            pkey=key,
            look_for_keys=key is None,
            allow_agent=target.agent,
            timeout=target.timeout,
            banner_timeout=target.timeout,
            auth_timeout=target.timeout,
            channel_timeout=target.timeout,
            transport_factory=_transports(known),
        )
        transport = client.get_transport()
        if transport is not None:
            transport.set_keepalive(_KEEPALIVE)
    except BaseException as error:
        client.close()
        if isinstance(error, Exception):
            raise _unavailable(error, target) from error
        raise
    return Connection(client, target.timeout)


class _Policy(paramiko.MissingHostKeyPolicy):
    """Checks every host key: paramiko itself is given no known hosts."""

    def __init__(self, known: KnownHosts) -> None:
        self._known = known

    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002 - paramiko's signature
        hostname: str,  # noqa: ARG002
        key: paramiko.PKey,
    ) -> None:
        certificate = key.public_blob
        if certificate is None:
            self._known.check(key.get_name(), key.asbytes())
        else:
            self._known.check_certificate(key.get_name(), key.asbytes(), certificate.key_blob, _verify)


def _transports(known: KnownHosts) -> Any:
    """A factory of transports that prefer the fast cipher, and the host key types for which a key is known."""

    def make(sock: socket.socket, **options: Any) -> paramiko.Transport:
        # Requests are small and are sent at once, without Nagle's algorithm.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport_class = _CertificatesFirst if known.has_authority else paramiko.Transport
        transport = transport_class(sock, **options)
        security = transport.get_security_options()
        security.ciphers = sorted(security.ciphers, key=lambda cipher: cipher != _FAST_CIPHER)
        security.key_types = sorted(
            security.key_types,
            key=lambda kind: ("ssh-rsa" if kind.startswith("rsa-sha2") else kind) not in known.kinds,
        )
        return transport

    return make


class _CertificatesFirst(paramiko.Transport):
    """A transport that prefers certificates to plain host keys. paramiko itself prefers plain keys."""

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        return tuple(sorted(super().preferred_keys, key=lambda kind: not kind.endswith(SUFFIX)))


def _verify(key: bytes, data: bytes, signature: bytes) -> bool:
    try:
        kind = paramiko.Message(key).get_text()
        return bool(paramiko.PKey.from_type_string(kind, key).verify_ssh_sig(data, paramiko.Message(signature)))
    except Exception:  # noqa: BLE001 - keys and signatures come from the server, and paramiko may raise anything
        return False


def _load_key(file: Path, passphrase: str | None) -> paramiko.PKey:
    if not file.is_file():
        raise StorageUnavailable(f"the key file {file} does not exist", hint="check key_file in storage_options")
    for key_class in _KEY_CLASSES:
        try:
            key = key_class.from_private_key_file(str(file), passphrase)
        except paramiko.PasswordRequiredException:
            raise StorageUnavailable(f"the key in {file} has a passphrase", hint=f"set {PASSPHRASE}") from None
        except OSError as error:
            raise StorageUnavailable(
                f"cannot read the key file {file}: {error.strerror}",
                hint="give the user that runs mhsync read permission",
            ) from error
        except (paramiko.SSHException, ValueError):
            continue
        certificate = Path(f"{file}-cert.pub")
        if certificate.is_file():
            key.load_certificate(str(certificate))
        return key
    raise StorageUnavailable(
        f"cannot use the key in {file}",
        hint=f"check that the file is a private key and that {PASSPHRASE} is its passphrase, if it has one",
    )


def _unavailable(error: Exception, target: Target) -> StorageUnavailable:
    """Translate an exception of paramiko or of the network."""
    if isinstance(error, StorageUnavailable):
        return error
    server = f"{target.user}@{target.server}"
    if isinstance(error, paramiko.AuthenticationException) or "No authentication methods" in str(error):
        hint = f"use a key that the server accepts (key_file, an agent, ~/.ssh/id_*), or set {PASSWORD}"
        if target.password is not None:
            hint = (
                f"check the password in {PASSWORD} and the user in the URL, or use a key that the server accepts"
            )
        return StorageUnavailable(f"{server}: authentication failed: {_line(error)}", hint=hint)
    if isinstance(error, socket.gaierror):
        return StorageUnavailable(f"the host {target.host} was not found", hint="check the host in the URL")
    if isinstance(error, TimeoutError):
        return StorageUnavailable(
            f"cannot reach {target.server}: no response within {target.timeout:g} s", hint=_UNREACHABLE
        )
    if isinstance(error, OSError):
        return StorageUnavailable(f"cannot reach {target.server}: {_line(error)}", hint=_UNREACHABLE)
    # paramiko reports a connection that is closed before the banner in either of these ways.
    is_closed = isinstance(error, EOFError) or "protocol banner" in str(error)
    what = "the server closed the connection" if is_closed else _line(error)
    return StorageUnavailable(
        f"cannot open an SSH connection to {target.server}: {what}",
        hint="check that an SSH server runs on that port, and its log",
    )


def _line(error: Exception) -> str:
    text = " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())
    return printable(text)[:200]


class _DebugLevel(logging.Filter):
    """Lowers the records of paramiko to DEBUG: its errors are raised as exceptions too."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return True


def _ssh_log_name() -> str:
    log = logging.getLogger(_LOG)
    if not log.filters:
        log.addFilter(_DebugLevel())
        log.addHandler(logging.NullHandler())
    return _LOG
