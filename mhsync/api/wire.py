"""Answers as the standard library reads them, and a look at where their bodies end."""

from __future__ import annotations

import contextlib
import http.client
import socket
from typing import Any

_CLOSING = 2.0
"""Seconds for a server to close a connection that it said it would close."""
_LINGER = 0.01
"""Seconds for what a server sends behind the end of a file; JSON shows its own end, and is not waited for."""


class Excess(http.client.HTTPException):
    """More bytes came than the answer had announced."""


class Reply(http.client.HTTPResponse):
    """The standard library's answer, which also looks whether the body ends where it said that it would."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._socket = sock

    def read1(self, n: int = -1) -> bytes:
        data = super().read1(n)
        if data and self.length == 0 and not self.chunked and self._goes_on():
            raise Excess
        return data

    def _goes_on(self) -> bool:
        """Whether there is more behind the announced end.

        Where the connection stays open, what comes right behind counts; else its end is awaited.
        """
        timeout = self._socket.gettimeout()
        try:
            is_json = "json" in (self.getheader("content-type") or "").lower()
            self._socket.settimeout(_CLOSING if self.will_close else 0.0 if is_json else _LINGER)
            return bool(self.fp.peek(1))
        except (OSError, ValueError):
            return False
        finally:
            with contextlib.suppress(OSError):
                self._socket.settimeout(timeout)
