"""What obstore raises, in one line of plain words and one of what to do: the one place where it is mapped.

obstore tells status, the service's error code and the cause in its text alone, along with URLs, which may hold
signatures: so nothing of the text is shown but a status, a code and a host, and causes are known by fixed words.
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
_SEE_SERVICE = "see that the service is well, then run it again"
_SEE_KEYS = "see that the credentials are the right ones and may read, write, list and delete there"
_AGAIN = "run it again: what was not done is done then"


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened and what to do about it."""

    kind: type[StorageError]
    what: str
    hint: str
    status: int | None = None


_CODES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "SignatureDoesNotMatch": ("the secret key is wrong", _SEE_KEYS),
        "InvalidAccessKeyId": ("the service does not know the access key", _SEE_KEYS),
        "ExpiredToken": ("the credentials have expired", "log in anew, then run it again"),
        "RequestTimeTooSkewed": ("this machine's clock is wrong", "set the clock, then run it again"),
        "KeyTooLongError": ("the name is too long", "give it a shorter path in the manifest"),
        "QuotaExceeded": ("the quota is used up", "free some space there, then run it again"),
        "EntityTooLarge": ("the file is too large for the service", "look at the service's bounds"),
        "XAmzContentSHA256Mismatch": ("the bytes were changed on their way", _AGAIN),
        "BadDigest": ("the bytes were changed on their way", _AGAIN),
        "InvalidObjectState": ("the file lies in an archive class", "restore it there, then run it again"),
        "BlobArchived": ("the file lies in the archive tier", "bring it back to another tier, then run it again"),
    }
)

_NO_RANGE = ("NotPartial", "UnexpectedRange", "StartTooLarge", "ContentRange")
"""How obstore calls an answer to a request for a range that is not what HTTP says it must be."""
_CAUSES: tuple[tuple[str, str, str], ...] = (
    ("dns error", "the server's name cannot be found", "see that endpoint, region and account are right"),
    ("ConnectionRefused", "the connection was refused", "see that the server runs and that endpoint names it"),
    ("ertificate", "the server's certificate is not trusted", "let SSL_CERT_FILE name the certificate to trust"),
    ("BadScheme", "a server sent the request on to plain http", "see that endpoint begins with https://"),
    ("TimedOut", "the server did not answer in time", _AGAIN),
    ("kind: Timeout", "the server did not answer in time", _AGAIN),
    ("kind: Connect", "there is no connection to the server", "see that endpoint and the network are right"),
    ("HttpError", "the connection was lost", _AGAIN),
    ("NotPartial", "the server answers 200 to a request for a range, where 206 is due", _SEE_SERVICE),
    ("NoContentRange", "the connection was lost", _AGAIN),
    ("reqwest::Error", "the connection was lost", _AGAIN),
    # The end of an upload tells no more than this.
    ("HTTP error", "the server could not be reached, or did not answer", _AGAIN),
)
_NO_CREDENTIALS = (
    "TokenRequest", "/latest/api/token", "/latest/meta-data", "credential error", "credential provider",
    "DecodeCredentials", "OpenCredentials", "service account file", "InvalidAccessKey {",
)  # fmt: skip


def is_status(error: BaseException, status: int) -> bool:
    """Whether the service refused with this status."""
    return _status(str(error)) == status


def is_no_range(error: BaseException) -> bool:
    """Whether the server answered a request for a range with something else: 200, or other bytes."""
    return any(mark in str(error) for mark in _NO_RANGE)


def explain(error: BaseException, place: Place) -> Failure:
    """What an exception of obstore means."""
    text = str(error)
    status, code = _status(text), _code(text)
    if code in _NO_BUCKET:
        return Failure(StorageUnavailable, f"there is no {place.noun} {place.bucket}", "make it first", status)
    if any(mark in text for mark in _NO_CREDENTIALS):
        return Failure(
            StorageUnavailable,
            "no usable credentials were found",
            f"the page of mhsync-cloud lists where {place.scheme}:// looks for them",
            status,
        )
    if "configured region" in text or code in _REGION_CODES:
        return Failure(StorageUnavailable, "the bucket is in another region", "set storage_options.region", status)
    if isinstance(error, FileNotFoundError):
        return Failure(StorageNotFound, "there is no such file", "see what else changes files there", status)
    if isinstance(error, ValueError | TypeError):
        return Failure(StorageError, "the service cannot hold this name", "give it another path in the manifest")
    if status is not None:
        return _refused(status, code, place)
    for mark, what, hint in _CAUSES:
        if mark in text:
            host = _HOST.search(text)
            return Failure(StorageUnavailable, f"{what} ({host[1]})" if host else what, hint)
    return Failure(StorageError, f"the service's answer cannot be used ({type(error).__name__})", _SEE_SERVICE)


@contextmanager
def told(doing: str, place: Place, path: str = "") -> Iterator[None]:
    """Turn whatever obstore raises in the block into an error of ours.

    Args:
        doing: what was tried, as it follows "cannot".

    Raises:
        StorageError: or one of its kinds, naming the path and never a secret.
    """
    try:
        yield
    except MhsyncError:
        raise
    except Exception as error:  # noqa: BLE001 - all that obstore raises is to be mapped
        raise as_told(error, doing, place, path) from None
    except BaseException as error:
        # A panic in Rust comes as a BaseException of its own.
        if type(error).__name__ != "PanicException":
            raise
        raise as_told(error, doing, place, path) from None


def as_told(error: BaseException, doing: str, place: Place, path: str = "") -> StorageError:
    """The error that `told` raises."""
    failure = explain(error, place)
    return failure.kind(f"cannot {doing} {printable(place.url(path))}: {failure.what}", hint=failure.hint)


def _refused(status: int, code: str | None, place: Place) -> Failure:
    said = f"{status} {code}" if code else str(status)
    if code is not None and code in _CODES:
        what, hint = _CODES[code]
        return Failure(StorageError if status != 403 else StorageUnavailable, f"{what} ({said})", hint, status)
    if status in (401, 403):
        return Failure(StorageUnavailable, f"access is denied ({said})", _SEE_KEYS, status)
    if status == 404:
        return Failure(
            StorageUnavailable, f"nobody there serves it ({said})", "see that endpoint is right", status
        )
    if status in (429, 503):
        return Failure(
            StorageError, f"the service asks to slow down ({said})", "lower --transfers and --checkers", status
        )
    if status == 412:
        return Failure(StorageError, "it was changed meanwhile", _AGAIN, status)
    if status == 501:
        hint = "write checksum: none under storage_options" if place.scheme == "s3" else _SEE_SERVICE
        return Failure(StorageError, f"the service cannot do that ({said})", hint, status)
    return Failure(StorageError, f"the service refused ({said})", _SEE_SERVICE, status)


def _status(text: str) -> int | None:
    found = _STATUS.search(text)
    return None if found is None else int(found[1])


def _code(text: str) -> str | None:
    found = _CODE.search(text)
    return None if found is None else found[1]
