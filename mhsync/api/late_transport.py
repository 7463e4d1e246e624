"""A transport that is made when the first request is sent: a run in which all is settled never imports urllib3."""

from __future__ import annotations

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
        transport = self._made or self._make()
        return transport.send(method, address, headers, read_timeout=read_timeout, body_timeout=body_timeout)

    def close(self) -> None:
        """Close all idle connections."""
        if self._made is not None:
            self._made.close()

    def _make(self) -> Transport:
        from mhsync.api.transport import Transport

        with self._lock:
            if self._made is None:
                self._made = Transport(self._settings, self._network, self._time)
            return self._made
