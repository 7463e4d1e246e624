"""The server that speaks for a cloud: which one, and how it is reached.

Only https, this machine aside. A proxy of the environment is used for all but this machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mhsync import StorageUnavailable, UsageError
from mhsync_cloud.bounds import Bounds

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

TRUSTED = "MHSYNC_CLOUD_ENDPOINTS"
"""Names the hosts that may be sent this environment's credentials although a manifest names them."""
_HERE = ("localhost", "127.0.0.0/8", "::1")


def find_endpoint(option: str | None, environ: Mapping[str, str], names: Sequence[str]) -> str | None:
    """The option, else the first of the variables that is set; None for the cloud's own.

    Raises:
        UsageError: it is no URL, or plain http to another machine.
    """
    if option is not None:
        return _checked(option, "the option endpoint")
    return next((_checked(environ[name], name) for name in names if environ.get(name)), None)


def require_trust(option: str | None, environ: Mapping[str, str], clouds_own: Sequence[str]) -> None:
    """Refuse an endpoint of the manifest that would be sent credentials which it could use itself.

    Bearer tokens and shared access signatures travel as they are (S3's signatures give nothing away), and a
    manifest may come from a stranger: the environment says which servers beside the cloud's own may have them.

    Args:
        option: the endpoint as the manifest says it, checked already.
        environ: where `MHSYNC_CLOUD_ENDPOINTS` names hosts, with commas.
        clouds_own: the ends of the cloud's own host names.

    Raises:
        StorageUnavailable: the host is none of these.
    """
    if option is None or is_here(option):
        return
    host = (urlsplit(option).hostname or "").lower()
    named = {name.strip().lower() for name in environ.get(TRUSTED, "").split(",")}
    if host not in named and not any(host.endswith(end) for end in clouds_own):
        raise StorageUnavailable(
            f"the option endpoint would send this environment's credentials to {host}",
            hint=f"if that server may have them, set {TRUSTED}={host}",
        )


def is_here(url: str | None) -> bool:
    """Whether the URL is of a server on this machine."""
    host = urlsplit(url).hostname if url else None
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked(url: str, source: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    usual = host and host.isascii() and not any(char.isspace() or not char.isprintable() for char in url)
    if not usual or parts.scheme not in ("http", "https"):
        raise UsageError(f"{source} is no URL of a server", hint="write something like https://s3.example.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            f"{source} holds more than a server: credentials, a query or a fragment",
            hint="write something like https://s3.example.com; credentials come from the environment",
        )
    if parts.scheme == "http" and not is_here(url):
        raise UsageError(
            f"{source} is plain http to {host}: anybody on the way could read and change what is sent",
            hint="write https://; plain http is for servers on this machine alone (127.0.0.1, ::1, localhost)",
        )
    return url.rstrip("/")


def client_options(
    endpoint: str | None, environ: Mapping[str, str], timeout: float, bounds: Bounds
) -> ClientConfig:
    """How obstore talks to the server. What is said here wins over obstore's own variables.

    `SSL_CERT_FILE` and, for other machines, the variables of proxies are honoured by obstore itself.
    """
    options: ClientConfig = {
        "allow_http": endpoint is not None and endpoint.startswith("http://"),
        "allow_invalid_certificates": False,
        "connect_timeout": timedelta(seconds=bounds.connect_timeout),
        "timeout": timedelta(seconds=timeout),
        "user_agent": "mhsync-cloud",
    }
    proxy = next((environ[name] for name in _proxy_names(endpoint) if environ.get(name)), None)
    if proxy is not None and is_here(endpoint):
        options["proxy_url"] = proxy
        more = environ.get("no_proxy") or environ.get("NO_PROXY")
        options["proxy_excludes"] = ",".join(filter(None, (*_HERE, more)))
    return options


def _proxy_names(endpoint: str | None) -> tuple[str, ...]:
    scheme = "http" if endpoint is not None and endpoint.startswith("http://") else "https"
    return tuple(case(f"{kind}_proxy") for kind in (scheme, "all") for case in (str.lower, str.upper))


def retry_config(bounds: Bounds) -> RetryConfig:
    """How often and how long obstore tries again; the one place where anything is tried again."""
    return {
        "max_retries": bounds.retries,
        "retry_timeout": timedelta(seconds=bounds.retry_window),
        "backoff": {
            "init_backoff": timedelta(seconds=bounds.backoff),
            "max_backoff": timedelta(seconds=bounds.backoff_max),
            "base": 2,
        },
    }
