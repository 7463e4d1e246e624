"""Translates the exceptions of obstore into errors of mhsync. Nothing else translates them.

obstore reports the status, the error code of the service and the cause only in the text of the exception. The text
also contains URLs, which may contain signatures. So a message quotes only the status, the code and the host, and a
cause is recognised by fixed words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from mhsync import MhsyncError, StorageError, StorageNotFound, StorageUnavailable
from mhsync.storage_kit import printable
from mhsync_cloud.place import Place

_STATUS = re.compile(r"status code: (\d{3})")
_HOST = re.compile(r"https?://(?:[^/@\s]*@)?([A-Za-z0-9.:\[\]-]+)")
_CODE = re.compile(r"<Code>\s*([A-Za-z0-9.]{1,60})\s*</Code>")
_NO_BUCKET = frozenset({"NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted"})
_REGION_CODES = frozenset(
    {"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"}
)
_CHECK_SERVICE = "check the service, then run it again"
_CHECK_KEYS = "check the credentials and their permissions to list, read, write and delete there"
_AGAIN = "run it again"


@dataclass(frozen=True, slots=True)
class Failure:
    """The cause of an exception, and the hint for the user."""

    kind: type[StorageError]
    what: str
    hint: str
    status: int | None = None


_CODES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "SignatureDoesNotMatch": ("the secret key is wrong", _CHECK_KEYS),
        "InvalidAccessKeyId": ("the access key is not known to the service", _CHECK_KEYS),
        "ExpiredToken": ("the credentials have expired", "log in again, then run it again"),
        "RequestTimeTooSkewed": ("the clock of this machine is wrong", "set the clock, then run it again"),
        "KeyTooLongError": ("the name is too long", "choose a shorter path in the manifest"),
        "QuotaExceeded": ("the quota is exceeded", "free space there, then run it again"),
        "EntityTooLarge": ("the file is too large for the service", "use another storage for files of this size"),
        "XAmzContentSHA256Mismatch": ("the data was changed during the transfer", _AGAIN),
        "BadDigest": ("the data was changed during the transfer", _AGAIN),
        "InvalidObjectState": ("the file is in an archive storage class", "restore it, then run it again"),
        "BlobArchived": ("the file is in the archive tier", "move it to another tier, then run it again"),
    }
)

_NO_RANGE = ("NotPartial", "UnexpectedRange", "StartTooLarge", "ContentRange")
"""Words of obstore for a response to a range request that is not valid."""
_CAUSES: tuple[tuple[str, str, str], ...] = (
    ("dns error", "the host name was not found", "check endpoint, region and account"),
    ("ConnectionRefused", "the connection was refused", "check that the server runs, and the option endpoint"),
    (
        "ertificate",
        "the server's certificate is not trusted",
        "set SSL_CERT_FILE to the file with the certificate to trust",
    ),
    ("BadScheme", "the server redirected the request to plain http", "check that endpoint begins with https://"),
    ("TimedOut", "the server did not respond in time", _AGAIN),
    ("kind: Timeout", "the server did not respond in time", _AGAIN),
    ("kind: Connect", "the server cannot be reached", "check endpoint and the network"),
    ("HttpError", "the connection was lost", _AGAIN),
    ("NotPartial", "the server responded to a range request with 200 instead of 206", _CHECK_SERVICE),
    ("NoContentRange", "the connection was lost", _AGAIN),
    ("reqwest::Error", "the connection was lost", _AGAIN),
    # obstore gives no other cause when the end of an upload fails.
    ("HTTP error", "the server could not be reached, or did not respond", _AGAIN),
)
_NO_CREDENTIALS = (
    "TokenRequest", "/latest/api/token", "/latest/meta-data", "credential error", "credential provider",
    "DecodeCredentials", "OpenCredentials", "service account file", "InvalidAccessKey {",
)  # fmt: skip


def is_status(error: BaseException, status: int) -> bool:
    """Whether the service responded with this status."""
    return _status(str(error)) == status


def is_no_range(error: BaseException) -> bool:
    """Whether the response to a range request was not the range: 200, or other bytes."""
    return any(mark in str(error) for mark in _NO_RANGE)


def explain(error: BaseException, place: Place) -> Failure:
    """The cause of an exception of obstore."""
    text = str(error)
    status, code = _status(text), _code(text)
    if code in _NO_BUCKET:
        return Failure(
            StorageUnavailable,
            f"there is no {place.noun} {place.bucket}",
            f"create the {place.noun} first",
            status,
        )
    if any(mark in text for mark in _NO_CREDENTIALS):
        return Failure(
            StorageUnavailable,
            "no usable credentials were found",
            f"the README of mhsync-cloud lists where {place.scheme}:// finds them",
            status,
        )
    if "configured region" in text or code in _REGION_CODES:
        return Failure(StorageUnavailable, "the bucket is in another region", "set storage_options.region", status)
    if isinstance(error, FileNotFoundError):
        return Failure(
            StorageNotFound, "there is no such file", "check whether another program changes files there", status
        )
    if isinstance(error, ValueError | TypeError):
        return Failure(
            StorageError, "the service does not support this name", "choose another path in the manifest"
        )
    if status is not None:
        return _refused(status, code, place)
    for mark, what, hint in _CAUSES:
        if mark in text:
            host = _HOST.search(text)
            return Failure(StorageUnavailable, f"{what} ({host[1]})" if host else what, hint)
    return Failure(
        StorageError, f"the service sent an unexpected response ({type(error).__name__})", _CHECK_SERVICE
    )


@contextmanager
def storage_errors(doing: str, place: Place, path: str = "") -> Iterator[None]:
    """Translate the exceptions of obstore in the block.

    Args:
        doing: the operation, as it follows "cannot" in the message.

    Raises:
        StorageError: or a subclass. The message names the path and never contains a secret.
    """
    try:
        yield
    except MhsyncError:
        raise
    except Exception as error:  # noqa: BLE001 - every exception of obstore is translated
        raise storage_error(error, doing, place, path) from None
    except BaseException as error:
        # A panic in Rust is raised as a subclass of BaseException.
        if type(error).__name__ != "PanicException":
            raise
        raise storage_error(error, doing, place, path) from None


def storage_error(error: BaseException, doing: str, place: Place, path: str = "") -> StorageError:
    """The error that `storage_errors` raises."""
    failure = explain(error, place)
    return failure.kind(f"cannot {doing} {printable(place.url(path))}: {failure.what}", hint=failure.hint)


def _refused(status: int, code: str | None, place: Place) -> Failure:
    response = f"{status} {code}" if code else str(status)
    if code is not None and code in _CODES:
        what, hint = _CODES[code]
        return Failure(StorageError if status != 403 else StorageUnavailable, f"{what} ({response})", hint, status)
    if status in (401, 403):
        return Failure(StorageUnavailable, f"access was denied ({response})", _CHECK_KEYS, status)
    if status == 404:
        return Failure(
            StorageUnavailable,
            f"the server does not serve this storage ({response})",
            "check the option endpoint",
            status,
        )
    if status in (429, 503):
        return Failure(
            StorageError,
            f"the service limits the request rate ({response})",
            "lower --transfers and --checkers",
            status,
        )
    if status == 412:
        return Failure(StorageError, "it was changed during the operation", _AGAIN, status)
    if status == 501:
        hint = "write checksum: none under storage_options" if place.scheme == "s3" else _CHECK_SERVICE
        return Failure(StorageError, f"the service does not support the request ({response})", hint, status)
    return Failure(StorageError, f"the service refused the request ({response})", _CHECK_SERVICE, status)


def _status(text: str) -> int | None:
    found = _STATUS.search(text)
    return None if found is None else int(found[1])


def _code(text: str) -> str | None:
    found = _CODE.search(text)
    return None if found is None else found[1]
