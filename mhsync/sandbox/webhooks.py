"""Webhooks of a sandbox: events of its projects, signed as the vendor signs them, and delivered until accepted."""

from __future__ import annotations

import heapq
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from urllib.parse import urlsplit

from mhsync.core.webhook import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from mhsync.dataclass import dataclass
from mhsync.errors import UsageError
from mhsync.sandbox.account import Account, State

SANDBOX_SECRET = "whsec_sandbox_4f1c7a90d2"  # noqa: S105 - it is valid nowhere else
"""The default secret of a sandbox's webhook. It is valid nowhere else."""

_EVENTS: Mapping[str, str] = {
    "rendering": "audio.started",
    "complete": "audio.completed",
    "error": "audio.errored",
}
"""By status. `canceled` sends no event, and neither do `draft` and `queued`."""
_UNSTARTED = (None, "draft", "queued")
_TIMEOUT = 10.0
"""Seconds that the vendor waits for an answer."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two attempts of one delivery. They double."""
_LOOK_PAUSE = 0.05
"""Seconds between two looks at the account. A look may take at most a fifth of the time."""
_OLD = 600
"""Seconds by which a forged delivery is too old."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events are sent.

    Raises:
        UsageError: the URL is not one of http or https.
    """

    url: str
    secret: str = field(default=SANDBOX_SECRET, repr=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_usable = False
        if not is_usable:
            hint = "give a URL such as http://127.0.0.1:8080/webhook"
            raise UsageError(f"the URL of the webhook cannot be used: {self.url!r:.80}", hint=hint)


@dataclass(frozen=True, slots=True)
class WebhookFaults:
    """What happens to deliveries. The vendor documents repeats and a wrong order; anyone can forge one."""

    repeats: int = 0
    """Additional deliveries of each event."""
    reorder: bool = False
    """`audio.started` is delivered after the event that ends the render."""
    delay: float = 0.0
    """Seconds before each first delivery."""
    forged: int = 0
    """Forged deliveries before each event: with a wrong signature, too old, or changed after they were signed."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One attempt to deliver an event. `status` is None if there was no answer."""

    event: str
    id: str
    status: int | None
    is_forged: bool = False


@dataclass(frozen=True, slots=True)
class _Delivery:
    event: str
    id: str
    body: bytes
    forgery: int | None = None
    attempts: int = 0


class WebhookSender:
    """Watches an account, and delivers an event for each render that starts or ends.

    Args:
        account: whose projects to watch. What happened before the start has no event.
        details: the body of a `GET` of a project, which is the payload of its events.
        webhook: where to send them.
        faults: the current faults.
        clock: seconds since 1970, for the time stamps.
    """

    def __init__(
        self,
        account: Account,
        details: Callable[[State], dict[str, object]],
        webhook: Webhook,
        faults: Callable[[], WebhookFaults],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._account = account
        self._details = details
        self._webhook = webhook
        self._faults = faults
        self._clock = clock
        self._known: dict[str, str] = dict(self._statuses())
        self._held: dict[str, _Delivery] = {}
        self._queue: list[tuple[float, int, _Delivery]] = []
        self._number = 0
        self._log: list[Delivered] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread. Deliveries that were not accepted yet are dropped."""
        self._stopping.set()
        self._thread.join()

    @property
    def deliveries(self) -> tuple[Delivered, ...]:
        """All attempts so far, in their order."""
        return tuple(self._log)

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            began = time.monotonic()
            self._look()
            pause = max(_LOOK_PAUSE, 4 * (time.monotonic() - began))
            while self._queue and self._queue[0][0] <= time.monotonic() and not self._stopping.is_set():
                self._deliver(heapq.heappop(self._queue)[2])

    def _statuses(self) -> Iterator[tuple[str, str]]:
        for id_ in self._account.ids:
            state = self._account.state(id_)
            if state is not None:
                yield id_, "deleted" if state.after_delete is not None else state.status

    def _look(self) -> None:
        """Queue the events of what changed since the last look."""
        for id_, status in self._statuses():
            before = self._known.get(id_)
            if status == before:
                continue
            self._known[id_] = status
            if status in ("complete", "error") and before in _UNSTARTED:
                self._emit(id_, "rendering")
            if status in _EVENTS:
                self._emit(id_, status)
            if status != "rendering" and id_ in self._held:
                self._put(self._held.pop(id_))

    def _emit(self, id: str, status: str) -> None:
        state = self._account.state(id)
        assert state is not None
        event = _EVENTS[status]
        payload = self._details(replace(state, status=status))
        delivery = _Delivery(
            event, id, json.dumps({"type": event, "payload": payload}, ensure_ascii=False).encode()
        )
        if self._faults().reorder and status == "rendering":
            self._held[id] = delivery
        else:
            self._put(delivery)

    def _put(self, delivery: _Delivery) -> None:
        faults = self._faults()
        for number in range(faults.forged):
            self._push(replace(delivery, forgery=number % 3), faults.delay)
        for _ in range(1 + faults.repeats):
            self._push(delivery, faults.delay)

    def _push(self, delivery: _Delivery, pause: float) -> None:
        self._number += 1
        heapq.heappush(self._queue, (time.monotonic() + pause, self._number, delivery))

    def _deliver(self, delivery: _Delivery) -> None:
        status = self._send(delivery)
        is_forged = delivery.forgery is not None
        self._log.append(Delivered(delivery.event, delivery.id, status, is_forged))
        if not is_forged and (status is None or not 200 <= status < 300):
            pause = min(_FIRST_PAUSE * 2**delivery.attempts, _LONGEST_PAUSE)
            self._push(replace(delivery, attempts=delivery.attempts + 1), pause)

    def _send(self, delivery: _Delivery) -> int | None:
        parts = urlsplit(self._webhook.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)
        body, headers = self._signed(delivery)
        try:
            connection.request("POST", parts.path or "/", body, {"Content-Type": "application/json", **headers})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _signed(self, delivery: _Delivery) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a delivery, forged in one of three ways if it is to be."""
        body, secret, moment = delivery.body, self._webhook.secret, int(self._clock())
        if delivery.forgery == 0:
            secret += "-wrong"
        if delivery.forgery == 1:
            moment -= _OLD
        timestamp = str(moment)
        headers = {SIGNATURE_HEADER: sign(secret, timestamp, body), TIMESTAMP_HEADER: timestamp}
        return (body.replace(b"audio.", b"audio.x", 1) if delivery.forgery == 2 else body), headers
