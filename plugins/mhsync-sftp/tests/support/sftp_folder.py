"""An SFTP server in this process, for a folder. A test can limit its features and inject faults.

It is the server of paramiko. Only the SSH transport is shared with the code under test.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
from paramiko import SFTP_FAILURE, SFTP_OK, SFTP_OP_UNSUPPORTED, SFTPAttributes, SFTPServer
from paramiko.message import Message
from paramiko.sftp import CMD_EXTENDED, CMD_EXTENDED_REPLY, CMD_VERSION, int64

FSYNC = "fsync@openssh.com"
POSIX_RENAME = "posix-rename@openssh.com"
LIMITS = "limits@openssh.com"


@dataclass
class Behaviour:
    """The behaviour of the server. It may be changed while the server runs."""

    extensions: tuple[str, ...] = (POSIX_RENAME, FSYNC)
    password: str | None = None
    keys: tuple[paramiko.PKey, ...] = ()
    disabled_ciphers: tuple[str, ...] = ()
    sessions: int = 1000
    """Sessions on one connection. Further ones are refused."""
    connections: int = 1000
    """Connections at once. Further ones are closed."""
    break_on: str | None = None
    """The next operation of this name is carried out, and the connection is closed before the response."""
    hang_on: str | None = None
    """Responses to operations of this name are delayed by up to 10 seconds."""
    refuse_writes_after: int | None = None
    """Bytes of one file after which writes fail."""
    drop_writes_after: int | None = None
    """Bytes of one file after which writes are reported as successful but are not carried out."""
    short_reads: int | None = None
    """Maximum number of bytes in one response."""
    ends_early: int | None = None
    """Bytes of a file after which reads return the end of the file."""
    limits: tuple[int, int, int, int] | None = None
    """The response to `limits@openssh.com`, if the extension is listed; None refuses the request."""
    lengths: list[tuple[str, int]] = field(default_factory=list)
    """The reads and writes: operation and number of bytes."""
    log: list[tuple[str, str]] = field(default_factory=list)
    """The requests: operation and path."""

    def count(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.log)


class _Broken(Exception):
    """Ends the connection."""


class FolderServer:
    """A server on a port of its own. The folder is its root."""

    def __init__(self, folder: Path, behaviour: Behaviour) -> None:
        self.folder = folder
        self.behaviour = behaviour
        self.host_key: paramiko.PKey = paramiko.ECDSAKey.generate()
        self.more_keys: list[paramiko.PKey] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.transports: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def known_hosts(self, file: Path) -> Path:
        """Write the line with the host key of this server."""
        key = self.host_key
        file.write_text(f"[127.0.0.1]:{self.port} {key.get_name()} {key.get_base64()}\n")
        return file

    @property
    def alive(self) -> list[paramiko.Transport]:
        return [transport for transport in self.transports if transport.is_active()]

    def hang_up(self) -> None:
        """Close every connection."""
        for transport in self.alive:
            transport.close()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)
        self.hang_up()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            if len(self.alive) >= self.behaviour.connections:
                client.close()
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            disabled = {"ciphers": list(self.behaviour.disabled_ciphers)}
            transport = paramiko.Transport(client, disabled_algorithms=disabled)
            transport.set_log_channel("mhsync_sftp.tests")
            for key in (self.host_key, *self.more_keys):
                transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", _Server, _Files, self, transport)
            self.transports.append(transport)
            with suppress(paramiko.SSHException, EOFError, OSError):
                transport.start_server(event=threading.Event(), server=_Authentication(self.behaviour))


class _Authentication(paramiko.ServerInterface):
    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._sessions = 0

    def check_auth_password(self, username: str, password: str) -> int:
        is_right = password == self._behaviour.password
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_SUCCESSFUL if key in self._behaviour.keys else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self._sessions >= self._behaviour.sessions:
            return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        self._sessions += 1
        return paramiko.OPEN_SUCCEEDED


class _Server(SFTPServer):
    """The server of paramiko, with the extensions that `Behaviour` lists, and `fsync`."""

    def _send_server_version(self) -> int:
        self._read_packet()
        message = Message()
        message.add_int(3)
        for name in self.server.behaviour.extensions:
            message.add_string(name)
            message.add_string("1")
        self._send_packet(CMD_VERSION, message)
        return 3

    def _process(self, kind, request, message):
        if kind == CMD_EXTENDED:
            at = message.packet.tell()
            name = message.get_text()
            if name == FSYNC and FSYNC in self.server.behaviour.extensions:
                self.server.note("fsync", "")
                self._send_status(request, SFTP_OK)
                return
            limits = self.server.behaviour.limits
            if name == LIMITS and limits is not None:
                self._response(request, CMD_EXTENDED_REPLY, *map(int64, limits))
                return
            if name == LIMITS or name not in self.server.behaviour.extensions:
                self._send_status(request, SFTP_OP_UNSUPPORTED)
                return
            message.packet.seek(at)
        super()._process(kind, request, message)


class _Handle(paramiko.SFTPHandle):
    def __init__(self, descriptor: int, path: str, behaviour: Behaviour, note) -> None:
        super().__init__()
        self.descriptor = descriptor
        self.path = path
        self._behaviour = behaviour
        self._note = note

    def read(self, offset: int, length: int):
        self._note("read", self.path)
        self._behaviour.lengths.append(("read", length))
        behaviour = self._behaviour
        if behaviour.short_reads is not None:
            length = min(length, behaviour.short_reads)
        if behaviour.ends_early is not None:
            length = max(0, min(length, behaviour.ends_early - offset))
        return os.pread(self.descriptor, length, offset)

    def write(self, offset: int, data: bytes) -> int:
        self._note("write", self.path)
        self._behaviour.lengths.append(("write", len(data)))
        end = offset + len(data)
        behaviour = self._behaviour
        if behaviour.refuse_writes_after is not None and end > behaviour.refuse_writes_after:
            return SFTP_FAILURE
        if behaviour.drop_writes_after is not None and end > behaviour.drop_writes_after:
            return SFTP_OK
        os.pwrite(self.descriptor, data, offset)
        return SFTP_OK

    def stat(self):
        return SFTPAttributes.from_stat(os.fstat(self.descriptor))

    def close(self) -> None:
        os.close(self.descriptor)


class _Files(paramiko.SFTPServerInterface):
    def __init__(
        self, server: paramiko.ServerInterface, folder: FolderServer, transport: paramiko.Transport
    ) -> None:
        super().__init__(server)
        self._root = folder.folder
        self._transport = transport
        self.behaviour = folder.behaviour

    def note(self, operation: str, path: str) -> None:
        self.behaviour.log.append((operation, path))

    def open(self, path, flags, attr):
        self.note("open", path)
        try:
            descriptor = os.open(self._at(path), flags, 0o644)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return _Handle(descriptor, path, self.behaviour, self._note_and_break)

    def list_folder(self, path):
        self.note("list", path)
        try:
            with os.scandir(self._at(path)) as entries:
                found = [SFTPAttributes.from_stat(e.stat(follow_symlinks=False), e.name) for e in entries]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        self._maybe_break("list")
        return found

    def stat(self, path):
        return self._call(lambda: SFTPAttributes.from_stat(self._at(path).stat()), "stat", path)

    def lstat(self, path):
        return self._call(lambda: SFTPAttributes.from_stat(self._at(path).lstat()), "lstat", path)

    def remove(self, path):
        return self._call_for_status(lambda: self._at(path).unlink(), "remove", path)

    def rename(self, oldpath, newpath):
        def link_and_unlink() -> None:
            os.link(self._at(oldpath), self._at(newpath), follow_symlinks=False)
            self._at(oldpath).unlink()

        return self._call_for_status(link_and_unlink, "rename", newpath)

    def posix_rename(self, oldpath, newpath):
        return self._call_for_status(lambda: self._at(oldpath).replace(self._at(newpath)), "replace", newpath)

    def mkdir(self, path, attr):
        return self._call_for_status(lambda: self._at(path).mkdir(), "mkdir", path)

    def rmdir(self, path):
        return self._call_for_status(lambda: self._at(path).rmdir(), "rmdir", path)

    def _at(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    def _call(self, call, operation: str, path: str):
        self.note(operation, path)
        try:
            result = call()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        self._maybe_break(operation)
        return result

    def _call_for_status(self, call, operation: str, path: str) -> int:
        result = self._call(call, operation, path)
        return SFTP_OK if result is None or isinstance(result, Path) else result

    def _note_and_break(self, operation: str, path: str) -> None:
        self.note(operation, path)
        self._maybe_break(operation)

    def _maybe_break(self, operation: str) -> None:
        for _ in range(1000):
            if self.behaviour.hang_on != operation:
                break
            time.sleep(0.01)
        if self.behaviour.break_on == operation:
            self.behaviour.break_on = None
            self._transport.close()
            raise _Broken(operation)


@contextmanager
def serving(folder: Path, behaviour: Behaviour) -> Iterator[FolderServer]:
    server = FolderServer(folder, behaviour)
    try:
        yield server
    finally:
        server.close()
