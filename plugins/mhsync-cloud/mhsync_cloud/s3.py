"""`s3://bucket/prefix`: Amazon S3, and servers with the same protocol."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obstore.store import S3Store

from mhsync import StorageUnavailable, UsageError, install_command
from mhsync.storage_kit import Endpoint, Options
from mhsync_cloud.awsfiles import Profile, read_profile
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.endpoint import client_options, find_endpoint, retry_config
from mhsync_cloud.failures import storage_errors
from mhsync_cloud.metadata import require_metadata_service
from mhsync_cloud.place import Place, read_place
from mhsync_cloud.process import first_process
from mhsync_cloud.storage import CloudStorage, Stores

if TYPE_CHECKING:
    from obstore.store import S3Config, S3CredentialProvider

_KNOWN = (
    "addressing",
    "checksum",
    "encryption",
    "endpoint",
    "kms_key_id",
    "prefix",
    "profile",
    "region",
    "timeout",
)
_CREDENTIALS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws/credentials"
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_OWN = re.compile(
    r"(?:[a-z0-9._-]+\.)?s3(?:-fips|-accelerate)?(?:\.dualstack)?(?:\.[a-z]+(?:-[a-z]+)+-[0-9])?"
    r"(?:\.vpce)?\.amazonaws\.com(?:\.cn)?"
)
"""Customers of AWS have servers below amazonaws.com too (EC2, API gateways), but not below the names of S3."""
_OBSTORE_VARIABLES = (
    "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_SKIP_SIGNATURE",
)  # fmt: skip
_METADATA = ("169.254.169.254", 80)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The `provider` of the credentials. If it is None, obstore finds them itself."""

    region: str | None = None
    provider: S3CredentialProvider | None = None
    before_first_use: Callable[[], None] = lambda: None


def make(url: str, values: Mapping[str, Any], bounds: Bounds | None = None) -> CloudStorage:
    """Make the storage of an `s3://` URL and the `storage_options` of the manifest.

    Raises:
        UsageError: the URL or an option is not valid.
        StorageUnavailable: the credentials cannot be used.
    """
    first_process()
    options = Options("s3", values, _KNOWN, _CREDENTIALS)
    place = read_place("s3", url, options.text("prefix", r".+", "team/audio"))
    found = bounds or Bounds()
    limits = replace(found, timeout=options.seconds("timeout", found.timeout))
    option = options.text("endpoint", r".+", "https://s3.example.com")
    endpoint = find_endpoint(option, os.environ, _ENDPOINTS, own_form=_OWN)
    credentials = _credentials(options.text("profile", r".+", "archive"), place, limits)
    config = _config(options, endpoint)
    region = options.text("region", r"[A-Za-z0-9-]+", "eu-west-1")
    if region or credentials.region:
        config["region"] = region or credentials.region or ""

    def store(timeout: float) -> S3Store:
        return S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config=config,
            client_options=client_options(endpoint, os.environ, timeout, limits),
            retry_config=retry_config(limits),
            credential_provider=credentials.provider,
        )

    with storage_errors("open", place):
        stores = Stores(quick=store(limits.quick_timeout), bulk=store(limits.timeout))
    return CloudStorage(
        stores, place, limits, copies_up_to=limits.copy_max, before_first_use=credentials.before_first_use
    )


def _config(options: Options, endpoint: Endpoint | None) -> S3Config:
    config: S3Config = {
        # One request for each object: some servers do not support the bulk request.
        "disable_bulk_delete": True,
        "virtual_hosted_style_request": options.choice("addressing", ("path", "virtual")) == "virtual",
    }
    if options.choice("checksum", ("sha256", "none")) != "none":
        config["checksum_algorithm"] = "SHA256"
    if endpoint is not None:
        config["endpoint"] = endpoint.url
        # Without it obstore would prefer the variable of this name to the manifest.
        config["aws_endpoint_url_s3"] = endpoint.url
    encryption = options.choice("encryption", ("AES256", "aws:kms", "aws:kms:dsse"))
    key = options.text("kms_key_id", r"[\x21-\x7e]+", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd")
    if key is not None and encryption not in ("aws:kms", "aws:kms:dsse"):
        raise UsageError(
            "the storage option kms_key_id of s3:// needs the option encryption",
            hint="add encryption: aws:kms",
        )
    if encryption is not None:
        config["server_side_encryption"] = encryption
    if key is not None:
        config["sse_kms_key_id"] = key
    return config


def _credentials(profile: str | None, place: Place, bounds: Bounds) -> Credentials:
    """Find credentials in the profile of the manifest, the environment, its profile, or on the machine itself."""
    environ = os.environ
    if profile is None and any(environ.get(name) for name in _OBSTORE_VARIABLES):
        return Credentials()
    named = profile or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    found = read_profile(named or "default", environ, Path.home())
    if found is None and named is not None:
        raise StorageUnavailable(
            f"there is no AWS profile {named!r:.80}", hint="check its name in ~/.aws/config and ~/.aws/credentials"
        )
    if found is not None and found.needs_boto3:
        return Credentials(region=found.region, provider=_boto3_provider(found))
    if found is not None and found.keys:
        return Credentials(region=found.region, provider=found.keys)
    searched = f"the environment ({_CREDENTIALS.partition(',')[0]}) or ~/.aws"
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        raise StorageUnavailable(
            f"no credentials for {place.url()} were found in {searched}", hint="set them there"
        )
    region = None if found is None else found.region
    if environ.get("AWS_METADATA_ENDPOINT"):
        return Credentials(region=region)
    probe = partial(require_metadata_service, *_METADATA, bounds.metadata_timeout, place, searched)
    return Credentials(region=region, before_first_use=probe)


def _boto3_provider(profile: Profile) -> S3CredentialProvider:
    try:
        import boto3  # type: ignore[import-untyped]
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:
        raise StorageUnavailable(
            f"the AWS profile {profile.name} has no keys, but another type of credentials, which needs boto3",
            hint=install_command("mhsync-cloud", "aws"),
        ) from None
    try:
        return Boto3CredentialProvider(boto3.Session(profile_name=profile.name))
    except Exception:  # noqa: BLE001 - the program or service of a profile may fail in any way
        raise StorageUnavailable(
            f"the AWS profile {profile.name} returned no credentials",
            hint=f"check it with `aws sts get-caller-identity --profile {profile.name}`",
        ) from None
