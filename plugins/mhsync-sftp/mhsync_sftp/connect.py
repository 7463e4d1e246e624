"""One SSH connection: the server proves who it is, then we do. The only module that uses paramiko."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import paramiko

from mhsync import StorageUnavailable
from mhsync_sftp.hostkeys import KnownHosts
from mhsync_sftp.session import Session
from mhsync_sftp.target import PASSPHRASE, PASSWORD, Target
from mhsync_sftp.wire import Lost

_LOG = "mhsync_sftp.ssh"
_KEEPALIVE = 20
_WINDOW = 4 * 1024 * 1024
_KEY_CLASSES = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class SessionsExhausted(Exception):
    """The server opens no further session on this connection."""


class Connection:
    """A connection that is open and let in."""

    def __init__(self, client: paramiko.SSHClient, timeout: float) -> None:
        self._client = client
        self._timeout = timeout

    @property
    def is_alive(self) -> bool:
        transport = self._client.get_transport()
        return transport is not None and transport.is_active()

    def open_session(self) -> Session:
        """One more SFTP session.

        Raises:
            SessionsExhausted: the server opens no more of them.
            Lost: the connection broke, or the server does not speak SFTP.
        """
        transport = self._client.get_transport()
        if transport is None:
            raise Lost("the connection was closed")
        try:
            channel = transport.open_session(window_size=_WINDOW, timeout=self._timeout)
            channel.settimeout(self._timeout)
            channel.invoke_subsystem("sftp")
        except paramiko.ChannelException as error:
            raise SessionsExhausted from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise Lost(str(error) or type(error).__name__) from error
        try:
            return Session(channel, self._timeout)
        except Lost:
            channel.close()
            raise

    def close(self) -> None:
        with suppress(Exception):  # it may be broken already, in whatever way
            self._client.close()


def connect(target: Target) -> Connection:
    """Open a connection.

    Raises:
        StorageUnavailable: it cannot be had, and what to do about it.
    """
    known = KnownHosts(target)
    client = paramiko.SSHClient()
    client.set_log_channel(_quiet_log())
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
            raise _told(error, target) from error
        raise
    return Connection(client, target.timeout)


class _Policy(paramiko.MissingHostKeyPolicy):
    """paramiko is given no known hosts of its own, so that every key comes here."""

    def __init__(self, known: KnownHosts) -> None:
        self._known = known

    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002 - paramiko's signature
        hostname: str,  # noqa: ARG002
        key: paramiko.PKey,
    ) -> None:
        self._known.check(key.get_name(), key.asbytes())


def _transports(known: KnownHosts) -> Any:
    """Makes transports that ask for the kinds of host key which are known before any other."""

    def make(sock: socket.socket, **options: Any) -> paramiko.Transport:
        # Many small requests go back and forth: none waits for company.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = paramiko.Transport(sock, **options)
        security = transport.get_security_options()
        security.key_types = sorted(
            security.key_types,
            key=lambda kind: ("ssh-rsa" if kind.startswith("rsa-sha2") else kind) not in known.kinds,
        )
        return transport

    return make


def _load_key(file: Path, passphrase: str | None) -> paramiko.PKey:
    if not file.is_file():
        raise StorageUnavailable(f"there is no key file {file}", hint="look at key_file in storage_options")
    for key_class in _KEY_CLASSES:
        try:
            key = key_class.from_private_key_file(str(file), passphrase)
        except paramiko.PasswordRequiredException:
            raise StorageUnavailable(
                f"the key in {file} has a passphrase", hint=f"put it into {PASSPHRASE}"
            ) from None
        except OSError as error:
            raise StorageUnavailable(
                f"cannot read the key file {file}: {error.strerror}", hint="let the user that runs mhsync read it"
            ) from error
        except (paramiko.SSHException, ValueError):
            continue
        certificate = Path(f"{file}-cert.pub")
        if certificate.is_file():
            key.load_certificate(str(certificate))
        return key
    hint = f"see that it is a private key, and that {PASSPHRASE} is its passphrase if it has one"
    raise StorageUnavailable(f"cannot use the key in {file}", hint=hint)


def _told(error: Exception, target: Target) -> StorageUnavailable:
    """What paramiko and the network raise, in words."""
    if isinstance(error, StorageUnavailable):
        return error
    server = f"{target.user}@{target.server}"
    if isinstance(error, paramiko.AuthenticationException) or "No authentication methods" in str(error):
        hint = f"give the server a key it knows (key_file, an agent, ~/.ssh/id_*), or set {PASSWORD}"
        if target.password is not None:
            hint = f"check the password in {PASSWORD} and the user in the URL, or give the server a key it knows"
        return StorageUnavailable(f"{server} does not let us in: {_line(error)}", hint=hint)
    if isinstance(error, socket.gaierror):
        return StorageUnavailable(f"there is no server {target.host}", hint="look at the name in the URL")
    if isinstance(error, TimeoutError):
        what = f"no answer within {target.timeout:g} s"
        return StorageUnavailable(f"cannot reach {target.server}: {what}", hint="see that it is up, and the port")
    if isinstance(error, OSError):
        return StorageUnavailable(
            f"cannot reach {target.server}: {_line(error)}", hint="see that it is up, and the port"
        )
    # How paramiko tells of a server that closes the connection before it said what it is.
    is_hung_up = isinstance(error, EOFError) or "protocol banner" in str(error)
    what = "it hung up" if is_hung_up else _line(error)
    return StorageUnavailable(
        f"cannot talk to {target.server}: {what}", hint="see that an SSH server answers there, and is well"
    )


def _line(error: Exception) -> str:
    text = " ".join((getattr(error, "strerror", None) or str(error) or type(error).__name__).split())
    return "".join(char if char.isprintable() else "?" for char in text)[:200]


class _Quiet(logging.Filter):
    """What paramiko calls an error comes to us as an exception too: for the log it is a detail."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return True


def _quiet_log() -> str:
    log = logging.getLogger(_LOG)
    if not log.filters:
        log.addFilter(_Quiet())
        log.addHandler(logging.NullHandler())
    return _LOG
