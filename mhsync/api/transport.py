"""Sends one HTTP request and returns its response, without retries and without following redirects.

Every failure is raised as an error of `mhsync.errors`, outside of the `except` block of the foreign error, so that
no foreign text remains as its context. Only this module, `connection.py` and `transport_errors.py` import urllib3.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import urllib3
from urllib3 import exceptions as urllib3_errors
from urllib3.util import Timeout

from mhsync import __version__
from mhsync.api.address import Address
from mhsync.api.connection import EXCHANGE_LIMITS, Pool, RequestHeaders, Response, SecurePool
from mhsync.api.errors import MalformedResponse
from mhsync.api.proxy import Network
from mhsync.api.timing import ExchangeLimits, Time
from mhsync.api.transport_errors import CAUGHT, translate_error
from mhsync.errors import UsageError
from mhsync.settings import HttpSettings

_HEADERS = {"User-Agent": f"mhsync/{__version__}", "Accept-Encoding": "identity"}
_ORIGINS_MAX = 64
"""Pools kept open: one for the API and one for each download host."""


class HttpResponse:
    """The status and headers of a response. The body is read in pieces, at most once."""

    def __init__(self, response: urllib3.BaseHTTPResponse, address: Address) -> None:
        self._response = response
        self.address = address
        self.status = response.status
        self._is_kept_open = False

    def header(self, name: str) -> str:
        """The value of a header, `""` where it is missing."""
        return str(self._response.headers.get(name, "")).strip()

    @property
    def length(self) -> int | None:
        """The announced length of the body in bytes, or None."""
        text = self.header("content-length").split(",")[0].strip()
        if self.is_chunked or not (text.isascii() and text.isdigit()):
            return None
        return int(text)

    @property
    def is_chunked(self) -> bool:
        return self.header("transfer-encoding").lower() == "chunked"

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, as soon as any are available; `b""` at the end of the body.

        Raises:
            ConnectionFailed: the body was truncated, or no byte arrived in time.
            MalformedResponse: the framing of the body is invalid.
            Interrupted: the run was asked to stop.
        """
        try:
            return self._response.read1(size) or b""
        except CAUGHT as error:
            failure = translate_error(error, self.address)
        raise failure

    def confirm_end(self, *, may_wait: bool = True) -> None:
        """Check that a body that was read has ended where its length says: before the file counts as complete.

        Args:
            may_wait: wait for more bytes until those of one burst must have arrived.

        Raises:
            MalformedResponse: more bytes have arrived.
            Interrupted: the run was asked to stop.
        """
        if not isinstance(self._response, Response):
            return
        try:
            self._response.bounded_socket.confirm_end(may_wait=may_wait)
        except CAUGHT as error:
            failure = translate_error(error, self.address)
        else:
            return
        raise failure

    def close(self) -> None:
        """Release the connection: for the next request where the body was read, else it is closed."""
        if self._response.closed:
            self._response.release_conn()
        else:
            self._response.close()

    def kept_open(self) -> Self:
        """This response, which the end of the present block does not close."""
        self._is_kept_open = True
        return self

    def __enter__(self) -> Self:
        self._is_kept_open = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_kept_open:
            self.close()


class Transport:
    """Sends requests over pooled connections. Thread-safe.

    Args:
        settings: the limits of each exchange.
        network: the proxy and the certificates.
        time: the clock, and the stop request.

    Raises:
        UsageError: the CA file or the proxy of `network` is invalid; raised by the first request that uses it.
    """

    def __init__(self, settings: HttpSettings, network: Network, time: Time) -> None:
        self._settings = settings
        self._time = time
        self._network = network
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._managers: dict[str | None, urllib3.PoolManager] = {}
        self._pools: dict[tuple[str, str, int], urllib3.HTTPConnectionPool] = {}
        """By scheme, host and port: pools of the managers that were used last. To look one up there is slow."""

    def send(
        self,
        method: str,
        address: Address,
        headers: Mapping[str, str],
        *,
        read_timeout: float,
        body_timeout: float | None = None,
    ) -> HttpResponse:
        """Send one request and return as soon as the head of its response is complete.

        Args:
            read_timeout: seconds that one read may wait for a byte.
            body_timeout: seconds for the whole body; None limits only its rate.

        Raises:
            ConnectionFailed: the server sent no response.
            MalformedResponse: the response is not HTTP, contradicts itself, or is partial (206) without a `Range`.
            Interrupted: the run was asked to stop.
        """
        sent = {"Host": address.authority, **_HEADERS, **headers}
        if any(not (value.isascii() and value.isprintable()) for value in sent.values()):
            raise UsageError("a request header contains a control character or a non-ASCII character")
        head_timeout = min(self._settings.head_timeout, read_timeout)
        token = EXCHANGE_LIMITS.set(ExchangeLimits(self._settings, self._time, head_timeout, body_timeout))
        try:
            raw = self._pool(address).urlopen(
                method,
                address.path,
                headers=RequestHeaders(sent, address.query),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(min(self._settings.connect_timeout, read_timeout), read_timeout),
            )
            response = HttpResponse(raw, address)
        except CAUGHT as error:
            failure = translate_error(error, address)
        else:
            if response.status != 206 or "Range" in headers:
                return response
            response.close()
            failure = MalformedResponse(
                f"{address.origin}: the server sent a partial response (206), which was not requested"
            )
        finally:
            EXCHANGE_LIMITS.reset(token)
        raise failure

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            managers = list(self._managers.values())
            self._managers.clear()
            self._pools.clear()
        for manager in managers:
            manager.clear()

    def _pool(self, address: Address) -> urllib3.HTTPConnectionPool:
        """The connections to an origin."""
        origin = (address.scheme, address.host, address.port)
        pool = self._pools.get(origin)
        if pool is None:
            with self._lock:
                pool = self._manager(address).connection_from_host(address.host, address.port, address.scheme)
                if len(self._pools) >= _ORIGINS_MAX:
                    self._pools.clear()
                self._pools[origin] = pool
        return pool

    def _manager(self, address: Address) -> urllib3.PoolManager:
        proxy = self._network.proxy_for(address)
        if proxy not in self._managers:
            self._managers[proxy] = self._new_manager(proxy)
        manager = self._managers[proxy]
        if address.scheme == "https" and self._context is None:
            # Created once, and only where TLS is used: loading the certificates is slow.
            self._context = _tls_context(self._network.ca_file)
        manager.connection_pool_kw["ssl_context"] = self._context
        return manager

    def _new_manager(self, proxy: str | None) -> urllib3.PoolManager:
        manager: urllib3.PoolManager
        if proxy is None:
            manager = urllib3.PoolManager(_ORIGINS_MAX, maxsize=self._settings.pool)
        else:
            manager = _proxy_manager(proxy, self._settings.pool)
        manager.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}
        return manager


def _proxy_manager(proxy: str, pool_size: int) -> urllib3.ProxyManager:
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urllib3.util.parse_url(url)
        if not parts.host:
            raise urllib3_errors.LocationValueError("no host")
        headers = urllib3.make_headers(proxy_basic_auth=parts.auth) if parts.auth else None
        bare = parts._replace(auth=None).url
        return urllib3.ProxyManager(bare, _ORIGINS_MAX, proxy_headers=headers, maxsize=pool_size)
    except (urllib3_errors.HTTPError, ValueError):
        failure = UsageError("HTTPS_PROXY is invalid", hint="use the form http://host:port")
    raise failure


def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError) as error:
        # An ssl.SSLError is an OSError too: the file is readable, its content is not valid.
        is_unreadable = isinstance(error, OSError) and not isinstance(error, ssl.SSLError)
        reason = str(getattr(error, "strerror", "")).lower() if is_unreadable else ""
    reason = reason or "the file contains no valid certificate"
    raise UsageError(f"cannot load certificates from {ca_file}: {reason}", hint="check SSL_CERT_FILE")
