"""A server that sends exactly the bytes a test gives it, for faults that the sandbox does not have."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from inspect import signature
from typing import Self

Script = Callable[..., None]
"""Called with the connection, and with the head of the request if it takes two arguments."""


def http_response(status: int = 200, body: bytes = b"", *, length: int | bool = True, **headers: str) -> bytes:
    """The bytes of a response. `length` is its Content-Length: True is the right one, False none."""
    lines = [f"HTTP/1.1 {status} X"]
    if length is not False:
        lines.append(f"Content-Length: {len(body) if length is True else length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def sends(data: bytes) -> Script:
    return lambda sock: sock.sendall(data)


def resets(data: bytes = b"") -> Script:
    """Sends the data, then resets the connection."""

    def script(sock: socket.socket) -> None:
        sock.sendall(data)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return script


class ScriptedServer:
    """Runs one script for each connection, the last one for all further connections.

    Attributes:
        heads: the requests, up to the empty line.
    """

    def __init__(self, *scripts: Script | bytes, tls: str | None = None) -> None:
        self._scripts: Sequence[Script] = [sends(one) if isinstance(one, bytes) else one for one in scripts]
        self._context = None
        if tls is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(tls)
        self.heads: list[str] = []
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._is_open = True
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"{'http' if self._context is None else 'https'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        for thread in self._threads:
            thread.join(10)
        self._socket.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            sock, _ = self._socket.accept()
            if not self._is_open:
                sock.close()
                return
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with sock, suppress(OSError):
            sock.settimeout(10)
            if self._context is None:
                self._converse(sock)
            else:
                with self._context.wrap_socket(sock, server_side=True) as secure:
                    self._converse(secure)

    def _converse(self, sock: socket.socket) -> None:
        head = read_head(sock)
        if not head:
            return
        with self._lock:
            self.heads.append(head)
            script = self._scripts[min(len(self.heads), len(self._scripts)) - 1]
        if len(signature(script).parameters) > 1:
            script(sock, head)
        else:
            script(sock)


def read_head(sock: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return ""
        data += piece
        if data.startswith(b"\x16\x03"):
            return "a TLS greeting"
    return data.decode("latin-1")
