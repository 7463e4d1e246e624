"""A TCP proxy on loopback that can interrupt the network."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class TcpProxy:
    """Forwards connections to a port of this machine until `cut`, and again after `restore`.

    Args:
        target: the port.
        cut_after: number of bytes to the server after which the proxy calls `cut` itself.
    """

    def __init__(self, target: int, *, cut_after: int | None = None) -> None:
        self._target = target
        self._left = cut_after
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.is_cut = False
        self.forwarded = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut(self) -> None:
        with self._lock:
            self.is_cut = True
            sockets, self._open = self._open, set()
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def restore(self) -> None:
        with self._lock:
            self._left = None
            self.is_cut = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_cut:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._open |= {client, server}
            running = [2]
            for source, target, counted in ((client, server, True), (server, client, False)):
                thread = threading.Thread(
                    target=self._forward, args=(source, target, counted, running), daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def _forward(self, source: socket.socket, target: socket.socket, counted: bool, running: list[int]) -> None:
        source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError):
            while data := source.recv(65536):
                if counted and self._is_last(len(data)):
                    self.cut()
                    break
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        with self._lock:
            running[0] -= 1
            is_last = not running[0]
            self._open -= {source, target}
        if is_last:
            source.close()
            target.close()

    def _is_last(self, count: int) -> bool:
        with self._lock:
            self.forwarded += count
            if self._left is None:
                return False
            self._left -= count
            return self._left < 0
