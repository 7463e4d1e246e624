"""One HTTP exchange, and the only place that knows urllib3.

No retries and no redirects here: one request, one answer. Every failure leaves as an error of `mhsync.errors`,
raised outside of the foreign error's `except` block, so that no foreign text hangs on it as its context.

The query of a signed link is a secret, and urllib3 puts the URL of each request into its log and its errors.
So its pools are never told the query: it travels beside the headers, and our connections add it to the request
line, which urllib3 neither logs nor shows.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

import urllib3
from urllib3 import exceptions as foreign
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import Timeout

from mhsync import __version__
from mhsync.api.address import Address, Network
from mhsync.api.framing import Broken
from mhsync.api.retry import MalformedResponse, NotSent, Unreachable
from mhsync.api.timing import Time
from mhsync.api.wire import Bounds, Channel, Opening, Slow
from mhsync.errors import ApiError, ConnectionFailed, UsageError
from mhsync.settings import HttpSettings

_ORIGINS = 64
"""Pools kept open: the API and the download hosts."""


class _Headers(dict[str, str]):
    """Request headers, and the query that only the connection may see."""

    def __init__(self, headers: Mapping[str, str], query: str) -> None:
        super().__init__(headers)
        self.query = query

    def copy(self) -> _Headers:
        return _Headers(self, self.query)


_BOUNDS: ContextVar[Bounds] = ContextVar("mhsync_exchange")
"""The bounds of the exchange that this thread is in: the pools between `send` and a connection pass nothing on."""


class TooSlow(ConnectionFailed):
    """An answer whose body came more slowly than the settings allow."""


class _Connection(HTTPConnection):
    _opening: Opening | None = None

    def connect(self) -> None:
        """Open it within the bounds of the exchange, and read from it through a `Channel` from now on.

        Raises:
            Interrupted: the run is to stop.
        """
        bounds = _BOUNDS.get()
        self._opening = opening = Opening(super().connect, super().close)
        try:
            opening.wait(bounds)
        except TimeoutError:
            is_late = True
        else:
            is_late = False
        finally:
            if opening.is_abandoned:
                _wake(self.sock)
        if is_late:
            raise foreign.ConnectTimeoutError(self, "no connection in time")
        self.sock = Channel(self.sock, bounds)

    def close(self) -> None:
        if self._opening is None or not self._opening.is_abandoned:
            super().close()

    @property
    def is_connected(self) -> bool:
        return super().is_connected and not (isinstance(self.sock, Channel) and self.sock.is_spoiled)

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        """Send the request line with the query that the pool was not told."""
        if isinstance(self.sock, Channel):
            self.sock.bind(_BOUNDS.get())
        query = headers.query if isinstance(headers, _Headers) else ""
        super().request(method, f"{url}?{query}" if query else url, body, headers, **options)


def _wake(sock: socket.socket | None) -> None:
    """End whatever the thread that opens this socket waits for; that thread closes it then."""
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class HttpResponse:
    """The status and headers of an answer; its body is read piece by piece, at most once."""

    def __init__(self, response: urllib3.BaseHTTPResponse, address: Address) -> None:
        self._response = response
        self.address = address
        self.status = response.status

    def header(self, name: str) -> str:
        """A header's value, `""` where there is none."""
        return str(self._response.headers.get(name, "")).strip()

    @property
    def length(self) -> int | None:
        """The length that the answer announced for its body, in bytes; None where it announced none."""
        text = self.header("content-length").split(",")[0].strip()
        if self.is_chunked or not (text.isascii() and text.isdigit()):
            return None
        return int(text)

    @property
    def is_chunked(self) -> bool:
        return self.header("transfer-encoding").lower() == "chunked"

    def read(self, size: int) -> bytes:
        """Up to `size` bytes as soon as there are some; `b""` at the end of the body.

        Raises:
            ConnectionFailed: the body was cut before its announced end, or nothing came in time.
        """
        try:
            return self._response.read1(size) or b""
        except _CAUGHT as error:
            failure = mapped(error, self.address)
        raise failure

    def close(self) -> None:
        """Let go of the connection, whether the body was read or not."""
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Transport:
    """Sends requests. May be used by many threads at once.

    Raises:
        UsageError: the CA file or the proxy of `network` cannot be used; at the first request that needs them.
    """

    def __init__(self, settings: HttpSettings, network: Network, time: Time) -> None:
        self._settings = settings
        self._time = time
        self._network = network
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._managers: dict[str | None, urllib3.PoolManager] = {}

    def send(
        self,
        method: str,
        address: Address,
        headers: Mapping[str, str],
        *,
        read_timeout: float,
        body_timeout: float | None = None,
    ) -> HttpResponse:
        """Send one request and return once the headers of its answer are there.

        Args:
            read_timeout: seconds that one read may bring nothing.
            body_timeout: seconds for the whole body; None where only its rate is bounded.

        Raises:
            ConnectionFailed: no answer came.
            MalformedResponse: what came is not HTTP, contradicts itself, or is a part that was not asked for.
            Interrupted: the run is to stop.
        """
        sent = {"User-Agent": f"mhsync/{__version__}", "Accept-Encoding": "identity", **headers}
        if any(not (value.isascii() and value.isprintable()) for value in sent.values()):
            raise UsageError("a request header would hold a control character")
        head_timeout = min(self._settings.head_timeout, read_timeout)
        token = _BOUNDS.set(Bounds(self._settings, self._time, head_timeout, body_timeout))
        try:
            pool = self._manager(address).connection_from_host(address.host, address.port, address.scheme)
            response = pool.urlopen(
                method,
                address.path,
                headers=_Headers(sent, address.query),
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(connect=min(self._settings.connect_timeout, read_timeout), read=read_timeout),
            )
            answer = HttpResponse(response, address)
        except _CAUGHT as error:
            failure = mapped(error, address)
        else:
            if answer.status != 206 or "Range" in headers:
                return answer
            answer.close()
            failure = MalformedResponse(f"{address.origin}: the answer is a part that was not asked for (206)")
        finally:
            _BOUNDS.reset(token)
        raise failure

    def close(self) -> None:
        with self._lock:
            managers = list(self._managers.values())
            self._managers.clear()
        for manager in managers:
            manager.clear()

    def _manager(self, address: Address) -> urllib3.PoolManager:
        proxy = self._network.proxy_for(address)
        with self._lock:
            if proxy not in self._managers:
                self._managers[proxy] = self._new_manager(proxy)
            manager = self._managers[proxy]
            if address.scheme == "https" and self._context is None:
                # Made once, and only where TLS is used: loading the certificates takes a while.
                self._context = _tls_context(self._network.ca_file)
            manager.connection_pool_kw["ssl_context"] = self._context
            return manager

    def _new_manager(self, proxy: str | None) -> urllib3.PoolManager:
        manager: urllib3.PoolManager
        if proxy is None:
            manager = urllib3.PoolManager(_ORIGINS, maxsize=self._settings.pool)
        else:
            manager = _proxy_manager(proxy, self._settings.pool)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager


def _proxy_manager(proxy: str, pool: int) -> urllib3.ProxyManager:
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urllib3.util.parse_url(url)
        if not parts.host:
            raise foreign.LocationValueError("no host")
        headers = urllib3.make_headers(proxy_basic_auth=parts.auth) if parts.auth else None
        bare = parts._replace(auth=None).url
        return urllib3.ProxyManager(bare, _ORIGINS, proxy_headers=headers, maxsize=pool)
    except (foreign.HTTPError, ValueError):
        failure = UsageError("HTTPS_PROXY cannot be used", hint="it must look like http://host:port")
    raise failure


def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificate that can be read"
    raise UsageError(f"the certificates in {ca_file} cannot be used: {reason}", hint="look at SSL_CERT_FILE")


_CAUGHT = (foreign.HTTPError, foreign.ProxySchemeUnsupported, http.client.HTTPException, OSError, ValueError)

_MAPPING: tuple[tuple[type[Exception], type[ApiError], str], ...] = (
    # The first that fits; what is more special stands first.
    (foreign.ProxyError, NotSent, "the proxy cannot be reached"),
    (foreign.ProxySchemeUnknown, NotSent, "the proxy's address cannot be used"),
    (foreign.ProxySchemeUnsupported, NotSent, "the proxy's address cannot be used"),
    (foreign.NameResolutionError, NotSent, "its name does not resolve"),
    (foreign.NewConnectionError, NotSent, "no connection"),
    (foreign.ConnectTimeoutError, NotSent, "no connection in time"),
    (foreign.ReadTimeoutError, ConnectionFailed, "no answer in time"),
    (foreign.TimeoutError, ConnectionFailed, "no answer in time"),
    (foreign.TimeoutStateError, ConnectionFailed, "no answer in time"),
    (foreign.SSLError, ConnectionFailed, "the TLS connection failed"),
    (foreign.IncompleteRead, ConnectionFailed, "the answer was cut"),
    (foreign.InvalidChunkLength, ConnectionFailed, "the answer was cut"),
    (foreign.ResponseNotChunked, MalformedResponse, "the answer is not chunked as it says"),
    (foreign.ProtocolError, ConnectionFailed, "the connection broke"),
    (foreign.InvalidHeader, MalformedResponse, "the answer's headers contradict each other"),
    (foreign.HeaderParsingError, MalformedResponse, "the answer's headers cannot be read"),
    (foreign.DecodeError, MalformedResponse, "the answer's content encoding cannot be read"),
    (foreign.BodyNotHttplibCompatible, MalformedResponse, "the answer's body cannot be read"),
    (foreign.LocationValueError, NotSent, "its address cannot be used"),
    (foreign.ResponseError, MalformedResponse, "the answer cannot be used"),
    (foreign.UnrewindableBodyError, ConnectionFailed, "the request could not be sent again"),
    (foreign.PoolError, NotSent, "no connection was free"),
    (http.client.HTTPException, MalformedResponse, "what answers does not speak HTTP"),
    (OSError, ConnectionFailed, "no connection"),
    (ValueError, MalformedResponse, "the answer cannot be read"),
)


def mapped(error: Exception, address: Address) -> ApiError:
    """The error of `mhsync.errors` that stands for a foreign one: the one place where this is decided."""
    if isinstance(error, foreign.MaxRetryError) and error.reason is not None:
        return mapped(error.reason, address)
    inside = _inside(error)
    for cause in inside:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                f"{address.origin}: its certificate is not trusted: {cause.verify_message}",
                hint="where your network has certificates of its own, name their file in SSL_CERT_FILE",
            )
        if isinstance(cause, Broken):
            return MalformedResponse(f"{address.origin}: {cause}", hint=_hint(MalformedResponse, address))
        if isinstance(cause, Slow):
            return TooSlow(f"{address.origin}: the answer came too slowly", hint=_hint(TooSlow, address))
        if isinstance(cause, http.client.IncompleteRead):
            return ConnectionFailed(f"{address.origin}: the answer was cut", hint=_hint(ConnectionFailed, address))
    for kind, ours, words in _MAPPING:
        if isinstance(error, kind):
            return ours(f"{address.origin}: {words}{_reason(inside)}", hint=_hint(ours, address))
    return ConnectionFailed(f"{address.origin}: {type(error).__name__}", hint=_hint(ConnectionFailed, address))


def _hint(kind: type[ApiError], address: Address) -> str:
    if issubclass(kind, ConnectionFailed):
        return f"check the network, and that {address.origin} is the right address"
    return f"check that {address.origin} is the right address"


def _reason(inside: list[BaseException]) -> str:
    """What the operating system says: short, and free of anything that was sent."""
    for cause in inside:
        if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.strerror:
            return f" ({cause.strerror.lower()})"
    return ""


def _inside(error: BaseException) -> list[BaseException]:
    """An error and all that it came from: urllib3 keeps them as arguments, as causes and as contexts."""
    found = [error]
    for one in found:
        nested = [arg for arg in one.args if isinstance(arg, BaseException)] + [one.__cause__, one.__context__]
        found.extend(item for item in nested if item is not None and all(item is not other for other in found))
    return found
