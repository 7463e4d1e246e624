"""Opens a connection in a thread, so that the caller can stop waiting for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from mhsync.api.timing import POLL, ExchangeLimits


class BackgroundConnect:
    """Opens a connection (name lookup, proxy, TLS handshake) in a thread: some steps cannot be interrupted.

    The caller may stop waiting; the thread then closes the connection.

    Args:
        connect: opens the connection.
        close: closes it.
    """

    def __init__(self, connect: Callable[[], None], close: Callable[[], None]) -> None:
        self._connect = connect
        self._close = close
        self._lock = threading.Lock()
        self._is_done = threading.Event()
        self._error: BaseException | None = None
        self.is_abandoned = False

    def run(self, limits: ExchangeLimits) -> None:
        """Open the connection and wait for it.

        Raises:
            TimeoutError: the time limit was reached.
            Interrupted: the run was asked to stop.
            Exception: any error of `connect`.
        """
        threading.Thread(target=self._run, name="mhsync-connect", daemon=True).start()
        try:
            self._wait(limits)
        except BaseException:
            with self._lock:
                self.is_abandoned = not self._is_done.is_set()
            raise
        if self._error is not None:
            raise self._error

    def _wait(self, limits: ExchangeLimits) -> None:
        end = limits.time.clock() + limits.head_timeout
        while not self._is_done.wait(POLL):
            limits.time.check()
            if limits.time.clock() > end:
                raise TimeoutError

    def _run(self) -> None:
        try:
            self._connect()
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            self._error = error
        with self._lock:
            self._is_done.set()
            if not self.is_abandoned:
                return
        with suppress(Exception):
            self._close()
