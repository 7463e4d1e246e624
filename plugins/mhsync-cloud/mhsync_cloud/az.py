"""`az://container/prefix`: Azure Blob Storage."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from obstore.store import AzureStore

from mhsync import StorageUnavailable, UsageError
from mhsync.storage_kit import Options
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.endpoint import client_options, find_endpoint, retry_config
from mhsync_cloud.failures import storage_errors
from mhsync_cloud.metadata import require_metadata_service
from mhsync_cloud.place import Place, read_place
from mhsync_cloud.process import first_process
from mhsync_cloud.storage import CloudStorage, Stores

if TYPE_CHECKING:
    from obstore.store import AzureConfig

_KNOWN = ("account", "endpoint", "prefix", "timeout")
_CREDENTIALS = "AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_CLIENT_ID and its secret"
_ENDPOINTS = ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT", "AZURE_STORAGE_SERVICE_ENDPOINT")
_ACCOUNT = ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT")
_CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"
_OBSTORE_VARIABLES = (
    "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY", "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_TOKEN", "AZURE_STORAGE_CLIENT_SECRET", "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USE_AZURE_CLI", "AZURE_SKIP_SIGNATURE", "AZURE_MSI_ENDPOINT",
    "AZURE_IDENTITY_ENDPOINT",
)  # fmt: skip
_OWN_DOMAINS = ("core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net")
_METADATA = ("169.254.169.254", 80)
_NEVER = -1
"""Azure may respond before a copy is complete, and obstore does not report that, so Azure is not used to copy."""


def make(url: str, values: Mapping[str, Any], bounds: Bounds | None = None) -> CloudStorage:
    """Make the storage of an `az://` URL and the `storage_options` of the manifest.

    Raises:
        UsageError: the URL or an option is not valid.
        StorageUnavailable: the credentials cannot be used.
    """
    first_process()
    environ = os.environ
    options = Options("az", values, _KNOWN, _CREDENTIALS)
    place = read_place("az", url, options.text("prefix", r".+", "team/audio"))
    found = bounds or Bounds()
    limits = replace(found, timeout=options.seconds("timeout", found.timeout))
    account = options.text("account", r"[a-z0-9]{3,24}", "mystorageaccount")
    config, server = _config(account, environ)
    option = options.text("endpoint", r".+", "https://myaccount.blob.core.windows.net")
    endpoint = find_endpoint(
        option, {**environ, _CONNECTION: server or ""}, (*_ENDPOINTS, _CONNECTION), own=_OWN_DOMAINS
    )
    if endpoint is not None:
        config["endpoint"] = endpoint.url

    def store(timeout: float) -> AzureStore:
        return AzureStore(
            place.bucket,
            prefix=place.prefix or None,
            config=config,
            client_options=client_options(endpoint, environ, timeout, limits),
            retry_config=retry_config(limits),
        )

    with storage_errors("open", place):
        stores = Stores(quick=store(limits.quick_timeout), bulk=store(limits.timeout))
    return CloudStorage(
        stores, place, limits, copies_up_to=_NEVER, before_first_use=_before_first_use(config, place, limits)
    )


def _before_first_use(config: AzureConfig, place: Place, bounds: Bounds) -> Callable[[], None]:
    """The check for the metadata service, which is needed if there are no other credentials."""
    if config.keys() & {"account_key", "sas_key"} or any(map(os.environ.get, _OBSTORE_VARIABLES)):
        return lambda: None
    searched = f"the environment ({_CREDENTIALS})"
    return partial(require_metadata_service, *_METADATA, bounds.metadata_timeout, place, searched)


def _config(option: str | None, environ: Mapping[str, str]) -> tuple[AzureConfig, str | None]:
    """The account, the credentials that obstore does not read itself, and the server of a connection string.

    Raises:
        UsageError: there is no account.
        StorageUnavailable: the connection string is for another account.
    """
    config: AzureConfig = {"use_emulator": False}
    account = option or next((environ[name] for name in _ACCOUNT if environ.get(name)), None)
    parts = _connection(environ.get(_CONNECTION) or "")
    has_own = any(environ.get(name) for name in _OBSTORE_VARIABLES)
    key = environ.get("AZURE_STORAGE_KEY")
    if key and not has_own:
        config["account_key"] = key
    server = None
    if parts and not (key or has_own):
        named = parts.get("accountname")
        if account is not None and named is not None and named != account:
            raise StorageUnavailable(
                f"{_CONNECTION} is for another account than {account}", hint="unset it, or use its account"
            )
        account = account or named
        server = parts.get("blobendpoint") or _default_server(parts)
        if "accountkey" in parts:
            config["account_key"] = parts["accountkey"]
        elif "sharedaccesssignature" in parts:
            config["sas_key"] = parts["sharedaccesssignature"].lstrip("?")
    if account is None:
        raise UsageError(
            "az:// needs a storage account",
            hint="set storage_options.account or AZURE_STORAGE_ACCOUNT",
        )
    config["account_name"] = account
    return config, server


def _connection(text: str) -> dict[str, str]:
    """Parse `Name=value;…`. Names are returned in lower case."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _default_server(parts: Mapping[str, str]) -> str | None:
    suffix, account = parts.get("endpointsuffix"), parts.get("accountname")
    if not (suffix and account):
        return None
    return f"{parts.get('defaultendpointsprotocol', 'https')}://{account}.blob.{suffix}"
