"""`gs://bucket/prefix`: Google Cloud Storage."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obstore.store import GCSStore

from mhsync import StorageUnavailable, install_command
from mhsync.storage_kit import Options
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.endpoint import client_options, find_endpoint, retry_config
from mhsync_cloud.failures import storage_errors
from mhsync_cloud.metadata import require_metadata_service
from mhsync_cloud.place import Place, read_place
from mhsync_cloud.process import first_process
from mhsync_cloud.storage import CloudStorage, Stores

if TYPE_CHECKING:
    from obstore.store import GCSConfig, GCSCredentialProvider

_KNOWN = ("endpoint", "prefix", "timeout")
_CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`"
_ENDPOINTS = ("GOOGLE_BASE_URL", "STORAGE_EMULATOR_HOST")
_OBSTORE_VARIABLES = (
    "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH", "GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_BEARER_TOKEN",
    "GOOGLE_SKIP_SIGNATURE",
)  # fmt: skip
_LOGIN = Path(".config/gcloud/application_default_credentials.json")
_OBSTORE_TYPES = ("service_account", "authorized_user")
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_METADATA = ("metadata.google.internal", 80)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The `provider` of the credentials. If it is None, obstore finds them itself."""

    provider: GCSCredentialProvider | None = None
    before_first_use: Callable[[], None] = lambda: None


def make(url: str, values: Mapping[str, Any], bounds: Bounds | None = None) -> CloudStorage:
    """Make the storage of a `gs://` URL and the `storage_options` of the manifest.

    Raises:
        UsageError: the URL or an option is not valid.
        StorageUnavailable: the credentials cannot be used.
    """
    first_process()
    options = Options("gs", values, _KNOWN, _CREDENTIALS)
    place = read_place("gs", url, options.text("prefix", r".+", "team/audio"))
    found = bounds or Bounds()
    limits = replace(found, timeout=options.seconds("timeout", found.timeout))
    option = options.text("endpoint", r".+", "https://gcs.example.com")
    endpoint = find_endpoint(option, os.environ, _ENDPOINTS, own=("googleapis.com",))
    credentials = _credentials(place, limits)
    config: GCSConfig = {} if endpoint is None else {"base_url": endpoint.url}

    def store(timeout: float) -> GCSStore:
        return GCSStore(
            place.bucket,
            prefix=place.prefix or None,
            config=config,
            client_options=client_options(endpoint, os.environ, timeout, limits),
            retry_config=retry_config(limits),
            credential_provider=credentials.provider,
        )

    with storage_errors("open", place):
        stores = Stores(quick=store(limits.quick_timeout), bulk=store(limits.timeout))
    return CloudStorage(stores, place, limits, before_first_use=credentials.before_first_use)


def _credentials(place: Place, bounds: Bounds) -> Credentials:
    """Find credentials: in the environment, a file that it names, gcloud's login, or on the machine itself."""
    environ = os.environ
    if any(environ.get(name) for name in _OBSTORE_VARIABLES):
        return Credentials()
    named = environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    file = Path(named) if named else Path.home() / _LOGIN
    if named or file.is_file():
        content = _content(file)
        kind = content.get("type")
        return Credentials() if kind in _OBSTORE_TYPES else Credentials(_federated(file, content))
    searched = f"the environment (GOOGLE_APPLICATION_CREDENTIALS) or ~/{_LOGIN}"
    check = partial(require_metadata_service, *_METADATA, bounds.metadata_timeout, place, searched)
    return Credentials(before_first_use=check)


def _content(file: Path) -> dict[str, Any]:
    """The content of a credentials file.

    Raises:
        StorageUnavailable: it cannot be read or parsed.
    """
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise StorageUnavailable(
            f"{file} contains no Google credentials",
            hint="check that GOOGLE_APPLICATION_CREDENTIALS names the right file",
        )
    return content


def _federated(file: Path, content: dict[str, Any]) -> GCSCredentialProvider:
    """Workload identity federation, which CI services use. obstore does not support it, but google-auth does."""
    if content.get("type") != "external_account":
        raise StorageUnavailable(
            f"the credentials in {file} have a type that is not supported",
            hint="use a service account, the login of gcloud, or workload identity federation",
        )
    try:
        from google.auth import aws, identity_pool, pluggable
        from obstore.auth.google import GoogleCredentialProvider
    except ImportError:
        raise StorageUnavailable(
            f"the credentials in {file} have a type that needs google-auth",
            hint=install_command("mhsync-cloud", "google"),
        ) from None
    try:
        source = content["credential_source"]
        by: Any = aws if "environment_id" in source else pluggable if "executable" in source else identity_pool
        return GoogleCredentialProvider(by.Credentials.from_info(content, scopes=[_SCOPE]))
    except Exception:  # noqa: BLE001 - the message of the library may quote the file
        raise StorageUnavailable(
            f"the credentials in {file} cannot be used", hint="check that the file is complete, or log in again"
        ) from None
