"""One delivery attempt: sends a request and classifies its result. The only module that uses urllib3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3 import exceptions

from mhsync.storage_kit import log_filter
from mhsync_webhook.bounds import Bounds
from mhsync_webhook.target import Target

_LATER = frozenset({408, 425, 429})
"""Retried in addition to every 5xx status."""
_LOGGERS = ("urllib3.connectionpool", "urllib3.connection", "urllib3.poolmanager", "urllib3.util.retry")


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason of a failed attempt. It shows no part of the URL."""

    why: str
    is_final: bool = False
    """Whether a retry would fail too."""
    retry_after: float | None = None
    """Seconds that the receiver asked to wait."""


class Sender:
    """Posts to one target over a persistent connection. For one thread at a time."""

    def __init__(
        self, target: Target, bounds: Bounds, environ: Mapping[str, str], clock: Callable[[], float]
    ) -> None:
        self._target = target
        self._clock = clock
        self._pool = _pool(target, bounds, environ)

    def post(self, body: bytes, headers: Mapping[str, str]) -> Failure | None:
        """Post once. None when the receiver accepted the event."""
        try:
            with log_filter(*_LOGGERS):
                response = self._pool.request(
                    "POST", self._target.url, body=body, headers=headers, redirect=False, preload_content=False
                )
                _release(response)
        except exceptions.HTTPError as error:
            return _failure_of(error)
        return self._judge(response)

    def _judge(self, response: urllib3.BaseHTTPResponse) -> Failure | None:
        status = response.status
        if 200 <= status < 300:
            return None
        if 300 <= status < 400:
            return Failure(f"the receiver redirects ({status}); redirects are not followed", is_final=True)
        if status not in _LATER and status < 500:
            return Failure(f"the receiver answered {status}", is_final=True)
        wait = _seconds(response.headers.get("Retry-After"), self._clock())
        return Failure(f"the receiver answered {status}", retry_after=wait)


def _release(response: urllib3.BaseHTTPResponse) -> None:
    """Keep the connection if the response has no body. Otherwise close it without reading the body.

    Only the status matters, and a receiver may send a body for ever, byte by byte.
    """
    if response.status == 204 or response.headers.get("Content-Length") == "0":
        response.drain_conn()
        response.release_conn()
    else:
        response.close()


def _failure_of(error: exceptions.HTTPError) -> Failure:
    """The failure for an exception of urllib3, whose own text contains the URL."""
    match error:
        case exceptions.SSLError():
            return Failure("the certificate of the receiver is not trusted", is_final=True)
        case exceptions.ProxyError():
            return Failure("the proxy could not connect to the receiver")
        case exceptions.NameResolutionError():
            return Failure("the host name of the receiver cannot be resolved")
        case exceptions.ConnectTimeoutError() | exceptions.NewConnectionError():
            return Failure("cannot connect to the receiver")
        case exceptions.ReadTimeoutError():
            return Failure("the receiver did not answer in time")
        case exceptions.LocationValueError():
            return Failure("the URL of the webhook is not valid", is_final=True)
    return Failure("the connection to the receiver was lost")


def _seconds(header: str | None, now: float) -> float | None:
    """A Retry-After header in seconds from now; None if it is missing or malformed."""
    text = "" if header is None else header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _pool(target: Target, bounds: Bounds, environ: Mapping[str, str]) -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=bounds.connect, read=bounds.read)
    proxy = _proxy(target, environ)
    if proxy is None:
        return urllib3.PoolManager(num_pools=1, maxsize=1, timeout=timeout, retries=False)
    user = urlsplit(proxy).netloc.rpartition("@")[0]
    headers = urllib3.make_headers(proxy_basic_auth=unquote(user)) if user else None
    return urllib3.ProxyManager(
        proxy, num_pools=1, maxsize=1, timeout=timeout, retries=False, proxy_headers=headers
    )


def _proxy(target: Target, environ: Mapping[str, str]) -> str | None:
    """The proxy of `HTTPS_PROXY`; None for loopback and for hosts in `NO_PROXY`."""
    proxy = environ.get("https_proxy") or environ.get("HTTPS_PROXY")
    excluded = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if not proxy or target.is_loopback or _is_excluded(target.host, excluded):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_excluded(host: str, excluded: str) -> bool:
    """Whether `NO_PROXY` contains the host, one of its domains, or `*`."""
    names = [entry.strip().lower().removeprefix("*").removeprefix(".") for entry in excluded.split(",")]
    is_all = "*" in (entry.strip() for entry in excluded.split(","))
    return is_all or any(name and (host == name or host.endswith(f".{name}")) for name in names)
