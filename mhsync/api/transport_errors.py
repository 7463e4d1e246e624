"""Translates errors of urllib3, `http.client` and the operating system into errors of `mhsync.errors`.

The messages are our own: a foreign error may quote the URL, whose query is a secret.
"""

from __future__ import annotations

import http.client
import ssl

from urllib3 import exceptions as urllib3_errors

from mhsync.api.address import Address
from mhsync.api.bounded_socket import SlowBody
from mhsync.api.errors import MalformedResponse, RequestNotSent, TooSlow, Unreachable
from mhsync.api.framing import FramingError
from mhsync.errors import ApiError, ConnectionFailed

CAUGHT = (
    urllib3_errors.HTTPError,
    urllib3_errors.ProxySchemeUnsupported,
    http.client.HTTPException,
    OSError,
    ValueError,
)
"""What an exchange may raise."""

MAPPING: tuple[tuple[type[Exception], type[ApiError], str], ...] = (
    # The first match is used, so a subclass comes before its base class.
    (urllib3_errors.ProxyError, RequestNotSent, "cannot reach the proxy"),
    (urllib3_errors.ProxySchemeUnknown, RequestNotSent, "the proxy URL is invalid"),
    (urllib3_errors.ProxySchemeUnsupported, RequestNotSent, "the proxy URL is invalid"),
    (urllib3_errors.NameResolutionError, RequestNotSent, "cannot resolve the host name"),
    (urllib3_errors.NewConnectionError, RequestNotSent, "cannot connect"),
    (urllib3_errors.ConnectTimeoutError, RequestNotSent, "connecting timed out"),
    (urllib3_errors.ReadTimeoutError, ConnectionFailed, "the server sent no response in time"),
    (urllib3_errors.TimeoutError, ConnectionFailed, "the server sent no response in time"),
    (urllib3_errors.TimeoutStateError, ConnectionFailed, "the server sent no response in time"),
    (urllib3_errors.SSLError, ConnectionFailed, "the TLS connection failed"),
    (urllib3_errors.IncompleteRead, ConnectionFailed, "the response was truncated"),
    (urllib3_errors.InvalidChunkLength, ConnectionFailed, "the response was truncated"),
    (urllib3_errors.ResponseNotChunked, MalformedResponse, "the response is not chunked as its headers claim"),
    (urllib3_errors.ProtocolError, ConnectionFailed, "the connection was lost"),
    (urllib3_errors.InvalidHeader, MalformedResponse, "the response headers contradict each other"),
    (urllib3_errors.HeaderParsingError, MalformedResponse, "the response headers are invalid"),
    (urllib3_errors.DecodeError, MalformedResponse, "cannot decode the response's content encoding"),
    (urllib3_errors.BodyNotHttplibCompatible, MalformedResponse, "cannot read the response body"),
    (urllib3_errors.LocationValueError, RequestNotSent, "the URL is invalid"),
    (urllib3_errors.ResponseError, MalformedResponse, "the response is invalid"),
    (urllib3_errors.UnrewindableBodyError, ConnectionFailed, "cannot send the request again"),
    (urllib3_errors.PoolError, RequestNotSent, "no connection was available"),
    (http.client.HTTPException, MalformedResponse, "the response is not HTTP"),
    (OSError, ConnectionFailed, "the connection failed"),
    (ValueError, MalformedResponse, "cannot read the response"),
)


def translate_error(error: Exception, address: Address) -> ApiError:
    """The error of `mhsync.errors` for a foreign error; its message begins with the origin of `address`."""
    if isinstance(error, urllib3_errors.MaxRetryError) and error.reason is not None:
        return translate_error(error.reason, address)
    causes = _all_causes(error)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                f"{address.origin}: the certificate is not trusted: {cause.verify_message}",
                hint="if your network uses its own certificates, set SSL_CERT_FILE to their file",
            )
        if isinstance(cause, FramingError):
            return _error(MalformedResponse, address, str(cause))
        if isinstance(cause, SlowBody):
            return _error(TooSlow, address, "the response arrived too slowly")
        if isinstance(cause, http.client.IncompleteRead):
            return _error(ConnectionFailed, address, "the response was truncated")
    for foreign, kind, text in MAPPING:
        if isinstance(error, foreign):
            return _error(kind, address, text + _system_reason(causes))
    return _error(ConnectionFailed, address, type(error).__name__)


def _error(kind: type[ApiError], address: Address, text: str) -> ApiError:
    """An error with a hint that fits its kind."""
    check = "check the network, and that" if issubclass(kind, ConnectionFailed) else "check that"
    return kind(f"{address.origin}: {text}", hint=f"{check} {address.origin} is the right address")


def _system_reason(causes: list[BaseException]) -> str:
    """The operating system's text for the error; it contains nothing that was sent."""
    for cause in causes:
        if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.strerror:
            return f": {cause.strerror.lower()}"
    return ""


def _all_causes(error: BaseException) -> list[BaseException]:
    """An error and all errors behind it: urllib3 keeps them as arguments, causes and contexts."""
    found = [error]
    for one in found:
        nested = [arg for arg in one.args if isinstance(arg, BaseException)] + [one.__cause__, one.__context__]
        found.extend(item for item in nested if item is not None and all(item is not other for other in found))
    return found
