"""One attempt: a request, and what its answer or the lack of one means. The only file that knows urllib3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3 import exceptions

from mhsync_webhook.bounds import Bounds
from mhsync_webhook.quiet import quiet
from mhsync_webhook.target import Target

_LATER = frozenset({408, 425, 429})
"""Beside every 5xx: the receiver may take it later."""
_LOGGERS = ("urllib3.connectionpool", "urllib3.connection", "urllib3.poolmanager", "urllib3.util.retry")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, in words that show nothing of the URL."""

    why: str
    is_final: bool = False
    """Another attempt would fare no better."""
    retry_after: float | None = None
    """Seconds that the receiver asked to wait."""


class Sender:
    """Posts to one target over a connection that is kept; one thread at a time."""

    def __init__(
        self, target: Target, bounds: Bounds, environ: Mapping[str, str], clock: Callable[[], float]
    ) -> None:
        self._target = target
        self._clock = clock
        self._pool = _pool(target, bounds, environ)

    def post(self, body: bytes, headers: Mapping[str, str]) -> Failure | None:
        """Post once; None when it was taken."""
        try:
            with quiet(*_LOGGERS):
                response = self._pool.request(
                    "POST", self._target.url, body=body, headers=headers, redirect=False, preload_content=False
                )
                _let_go(response)
        except exceptions.HTTPError as error:
            return _failure_of(error)
        return self._judge(response)

    def _judge(self, response: urllib3.BaseHTTPResponse) -> Failure | None:
        status = response.status
        if 200 <= status < 300:
            return None
        if 300 <= status < 400:
            return Failure(f"the receiver redirects ({status}), and redirects are not followed", is_final=True)
        if status not in _LATER and status < 500:
            return Failure(f"the receiver answered {status}", is_final=True)
        wait = _seconds(response.headers.get("Retry-After"), self._clock())
        return Failure(f"the receiver answered {status}", retry_after=wait)


def _let_go(response: urllib3.BaseHTTPResponse) -> None:
    """Keep the connection where the answer has no body; else close it, unread: a body may come byte by byte.

    The status has come, and that is all that counts.
    """
    if response.status == 204 or response.headers.get("Content-Length") == "0":
        response.drain_conn()
        response.release_conn()
    else:
        response.close()


def _failure_of(error: exceptions.HTTPError) -> Failure:
    """An exception of urllib3 in words of ours: its own hold the URL."""
    match error:
        case exceptions.SSLError():
            return Failure("no safe connection to the receiver: its certificate was not accepted", is_final=True)
        case exceptions.ProxyError():
            return Failure("the proxy gave no connection to the receiver")
        case exceptions.NameResolutionError():
            return Failure("the receiver's name cannot be resolved")
        case exceptions.ConnectTimeoutError() | exceptions.NewConnectionError():
            return Failure("no connection to the receiver")
        case exceptions.ReadTimeoutError():
            return Failure("the receiver did not answer in time")
        case exceptions.LocationValueError():
            return Failure("the webhook's URL cannot be used", is_final=True)
    return Failure("the connection to the receiver broke")


def _seconds(header: str | None, now: float) -> float | None:
    """A Retry-After header in seconds from now; None where there is none that can be read."""
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
    """The proxy of `HTTPS_PROXY`, unless `NO_PROXY` or loopback says otherwise."""
    proxy = environ.get("https_proxy") or environ.get("HTTPS_PROXY")
    excluded = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if not proxy or target.is_loopback or _is_excluded(target.host, excluded):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_excluded(host: str, excluded: str) -> bool:
    """Whether `NO_PROXY` names the host, a domain that it is in, or everything."""
    names = [entry.strip().lower().removeprefix("*").removeprefix(".") for entry in excluded.split(",")]
    is_all = "*" in (entry.strip() for entry in excluded.split(","))
    return is_all or any(name and (host == name or host.endswith(f".{name}")) for name in names)
