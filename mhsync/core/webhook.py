"""The vendor's webhooks: whether a delivery is authentic, and the sighting that it makes.

A delivery has two headers: the signature, which is the hexadecimal HMAC-SHA256 of `<timestamp>.<raw body>` under
the secret of the webhook, and the time stamp in seconds since 1970 (the vendor's webhook reference).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from mhsync.core.sighting import Sighting

SIGNATURE_HEADER = "magic-hour-event-signature"
TIMESTAMP_HEADER = "magic-hour-event-timestamp"
_PREFIX = "audio."
"""The types of events of audio projects begin with it. One webhook may also send events of videos and images."""
_TIMESTAMP = re.compile(r"[0-9]{1,11}")


class EventInvalid(ValueError):
    """The body of an authentic delivery that cannot be understood."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a delivery, as the vendor makes it."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def signed_time(timestamp: str, now: datetime, *, tolerance: float) -> datetime | None:
    """The time that a header states; None if it is not a time, or is too far from the clock.

    Args:
        timestamp: the value of the header.
        now: the time of this machine.
        tolerance: seconds, in both directions.
    """
    if _TIMESTAMP.fullmatch(timestamp) is None:
        return None
    seconds = int(timestamp)
    return datetime.fromtimestamp(seconds, UTC) if abs(now.timestamp() - seconds) <= tolerance else None


def is_authentic(signature: str, timestamp: str, body: bytes, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets made the signature. The time that this takes depends on none of them."""
    given = signature.encode("utf-8", "replace")
    matches = [hmac.compare_digest(sign(secret, timestamp, body).encode(), given) for secret in secrets]
    return any(matches)


def read_event(body: bytes, at: datetime) -> Sighting | None:
    """The sighting that a delivery makes; None if it is about a video or an image.

    Args:
        body: the raw body, whose signature was checked.
        at: the signed time.

    Raises:
        EventInvalid: it is not the JSON of an event, or names no project.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise EventInvalid("it is not JSON") from None
    kind = data.get("type") if isinstance(data, dict) else None
    if not isinstance(kind, str):
        raise EventInvalid("it has no type")
    if not kind.startswith(_PREFIX):
        return None
    # The introduction of the vendor's reference shows the key `object`; the schemas of the events have `payload`.
    payload = data.get("payload", data.get("object"))
    if not isinstance(payload, dict):
        raise EventInvalid("it has no payload")
    try:
        return Sighting.of_event(kind, payload, at)
    except ValueError as error:
        raise EventInvalid(str(error)) from None
