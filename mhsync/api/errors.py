"""Errors of one HTTP exchange that are more specific than the public ones; the retry policy depends on them."""

from __future__ import annotations

from mhsync.errors import ConnectionFailed, RateLimited, ResponseInvalid


class RequestNotSent(ConnectionFailed):
    """No connection was opened, so the server never received the request."""


class Unreachable(ConnectionFailed):
    """The origin sent no response for too long, or its certificate is not trusted; a retry would not help."""


class TooSlow(ConnectionFailed):
    """The body of a response arrived more slowly than the settings allow."""


class Throttled(RateLimited):
    """The origin refused all requests (429 or 503) for too long; a retry would not help."""


class MalformedResponse(ResponseInvalid):
    """A response that an intermediary may have sent or damaged; a retry may get a correct one."""
