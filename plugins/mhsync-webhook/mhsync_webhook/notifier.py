"""Delivers events to a webhook, with bounded retries."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping

from mhsync import Event, MhsyncError
from mhsync.storage_kit import backoff_delay
from mhsync_webhook.bounds import Bounds
from mhsync_webhook.options import Options
from mhsync_webhook.sending import Failure, Sender
from mhsync_webhook.target import Target

_HEADERS = {"Content-Type": "application/cloudevents+json", "User-Agent": "mhsync-webhook"}


class WebhookNotifier:
    """Posts each event as a CloudEvent in structured mode. Time and randomness are passed in."""

    def __init__(
        self,
        target: Target,
        options: Options,
        *,
        environ: Mapping[str, str],
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._options = options
        self._bounds = bounds or Bounds()
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._jitter = jitter
        self._sender = Sender(target, self._bounds, environ, clock)

    def notify(self, event: Event) -> None:
        """Post one event.

        Raises:
            MhsyncError: the receiver did not accept the event. The message shows no part of the URL.
        """
        body = json.dumps(event.to_json(), separators=(",", ":"), allow_nan=False).encode()
        begun, requested_wait = self._monotonic(), 0.0
        for attempt in range(1, self._bounds.attempts + 1):
            failure = self._sender.post(body, self._headers(event, body))
            if failure is None:
                return
            if failure.is_final or attempt == self._bounds.attempts:
                raise _given_up(failure, attempt)
            pause = self._pause(attempt) if failure.retry_after is None else failure.retry_after
            if failure.retry_after is not None:
                requested_wait += pause
                if requested_wait > self._bounds.retry_after:
                    raise _given_up(failure, attempt)
            elif self._monotonic() - begun + pause > self._bounds.window + requested_wait:
                raise _given_up(failure, attempt)
            self._sleep(pause)

    def _headers(self, event: Event, body: bytes) -> dict[str, str]:
        """The headers of one attempt. The signature covers the time of the attempt."""
        headers = dict(_HEADERS)
        if self._options.authorization is not None:
            headers["Authorization"] = self._options.authorization
        if self._options.signer is not None:
            headers |= self._options.signer.headers(event.id, int(self._clock()), body)
        return headers

    def _pause(self, attempt: int) -> float:
        return backoff_delay(attempt, self._bounds.backoff, self._bounds.window, self._jitter())


def _given_up(failure: Failure, attempts: int) -> MhsyncError:
    wait = "" if failure.retry_after is None else f" and asked to wait {failure.retry_after:.0f} s"
    attempt = "" if attempts == 1 else f" (attempt {attempts})"
    return MhsyncError(f"{failure.why}{wait}{attempt}")
