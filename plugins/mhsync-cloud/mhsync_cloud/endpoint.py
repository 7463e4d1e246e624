"""The server of a cloud: its endpoint, and the options of the HTTP client.

Plain http is allowed only to this machine. A proxy of the environment is used for all other machines.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from mhsync.storage_kit import Endpoint, parse_endpoint, require_trusted_host
from mhsync_cloud.bounds import Bounds

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_OPTION = "the storage option endpoint"
_HERE = ("localhost", "127.0.0.0/8", "::1")


def find_endpoint(
    option: str | None,
    environ: Mapping[str, str],
    names: Sequence[str],
    *,
    own: Collection[str] = (),
    own_form: re.Pattern[str] | None = None,
) -> Endpoint | None:
    """The endpoint of the option, else of the first variable that is set; None for the default of the cloud.

    The environment decides where credentials are sent. A manifest may be written by another person, so its option
    must name a server of the cloud itself, or one that the environment lists.

    Args:
        option: the endpoint in the manifest.
        environ: has the variables, and `MHSYNC_CLOUD_ENDPOINTS` with the trusted hosts.
        names: of the variables.
        own: domains in which only the cloud itself has servers.
        own_form: matches the hosts of the cloud, if its customers have servers in the same domain.

    Raises:
        UsageError: the endpoint is not a valid URL, or is plain http to another machine.
        StorageUnavailable: the option names a server that is not trusted.
    """
    if option is None:
        found = next((name for name in names if environ.get(name)), None)
        return None if found is None else parse_endpoint(environ[found], found)
    endpoint = parse_endpoint(option, _OPTION)
    if own_form is None or own_form.fullmatch(endpoint.host) is None:
        require_trusted_host(endpoint.host, endpoint.port, _OPTION, environ, own)
    return endpoint


def client_options(
    endpoint: Endpoint | None, environ: Mapping[str, str], timeout: float, bounds: Bounds
) -> ClientConfig:
    """The options of obstore's HTTP client. They have priority over the variables that obstore reads.

    obstore itself reads `SSL_CERT_FILE` and, for other machines, the variables of proxies.
    """
    options: ClientConfig = {
        "allow_http": endpoint is not None and endpoint.scheme == "http",
        "allow_invalid_certificates": False,
        "connect_timeout": timedelta(seconds=bounds.connect_timeout),
        "timeout": timedelta(seconds=timeout),
        "user_agent": "mhsync-cloud",
    }
    proxy = next((environ[name] for name in _proxy_names(endpoint) if environ.get(name)), None)
    if proxy is not None and endpoint is not None and endpoint.is_loopback:
        options["proxy_url"] = proxy
        more = environ.get("no_proxy") or environ.get("NO_PROXY")
        options["proxy_excludes"] = ",".join(filter(None, (*_HERE, more)))
    return options


def _proxy_names(endpoint: Endpoint | None) -> tuple[str, ...]:
    scheme = "https" if endpoint is None else endpoint.scheme
    return tuple(case(f"{kind}_proxy") for kind in (scheme, "all") for case in (str.lower, str.upper))


def retry_config(bounds: Bounds) -> RetryConfig:
    """How often and how long obstore repeats a request. Nothing else repeats requests."""
    return {
        "max_retries": bounds.retries,
        "retry_timeout": timedelta(seconds=bounds.retry_window),
        "backoff": {
            "init_backoff": timedelta(seconds=bounds.backoff),
            "max_backoff": timedelta(seconds=bounds.backoff_max),
            "base": 2,
        },
    }
