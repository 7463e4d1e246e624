"""A transport that is made when the first request is sent: a run in which all is settled never imports urllib3."""

from __future__ import annotations

import gc
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mhsync.api.address import Address
from mhsync.api.proxy import Network
from mhsync.api.timing import Time
from mhsync.settings import HttpSettings

if TYPE_CHECKING:
    from mhsync.api.transport import HttpResponse, Transport


class LateTransport:
    """Sends requests as `Transport` does. Thread-safe.

    Args:
        settings: the limits of each exchange.
        network: the proxy and the certificates.
        time: the clock, and the stop request.
    """

    def __init__(self, settings: HttpSettings, network: Network, time: Time) -> None:
        self._settings = settings
        self._network = network
        self._time = time
        self._lock = threading.Lock()
        self._made: Transport | None = None

    def send(
        self,
        method: str,
        address: Address,
        headers: Mapping[str, str],
        *,
        read_timeout: float,
        body_timeout: float | None = None,
    ) -> HttpResponse:
        """Send one request; see `Transport.send`."""
        return self.prepare().send(method, address, headers, read_timeout=read_timeout, body_timeout=body_timeout)

    def close(self) -> None:
        """Close all idle connections."""
        if self._made is not None:
            self._made.close()

    def prepare(self) -> Transport:
        """Make the transport, if no request was sent yet."""
        if self._made is None:
            with self._lock:
                return self._make()
        return self._made

    def _make(self) -> Transport:
        if self._made is not None:
            return self._made
        # What an import creates is kept: the garbage collector would visit it in vain.
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            from mhsync.api.transport import Transport
        finally:
            if was_enabled:
                gc.enable()
        self._made = Transport(self._settings, self._network, self._time)
        return self._made
