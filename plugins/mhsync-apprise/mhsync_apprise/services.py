"""Apprise: opening its URLs and sending through its services. The only file that knows it.

The URLs are secrets, and Apprise's own log records and exceptions hold parts of them: none get out of here.
"""

from __future__ import annotations

import threading
import time
import warnings
from dataclasses import dataclass, field

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType, OverflowMode

from mhsync import MhsyncError
from mhsync_apprise.encryption import require_encryption
from mhsync_apprise.message import Digest
from mhsync_apprise.overheard import Overheard

_DEADLINE = 60.0
"""Seconds for all services of one target together, retries and Apprise's own pacing included."""
_RETRIES = 2
_RETRY_PAUSE = 2.0
_SHARE = {NotifyFormat.TEXT: 1.0, NotifyFormat.MARKDOWN: 0.75}
"""Of what a service takes: escaping makes a text longer, most of all in HTML."""


@dataclass(slots=True)
class _Delivery:
    """One service's message on its way, on a thread that no ending program waits for."""

    service: NotifyBase
    asset: AppriseAsset
    digest: Digest
    problem: str | None = "did not answer in time"
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name="mhsync-apprise", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with Overheard() as overheard:
            try:
                is_sent = self._send()
            except Exception as error:  # noqa: BLE001 - services are code of many hands
                self.problem = f"failed with {type(error).__name__}"
                return
        self.problem = None if is_sent else overheard.reason

    def _send(self) -> bool:
        one = Apprise(asset=self.asset)
        one.add(self.service)
        result = one.notify(
            body=self.digest.body(self._room()),
            title=self.digest.title,
            notify_type=NotifyType(self.digest.mood.value),
            body_format=NotifyFormat.TEXT,
        )
        return bool(result)

    def _room(self) -> int:
        """Characters that the body may have, so that it fits once it is escaped."""
        room = self.service.body_maxlen
        if self.service.title_maxlen <= 0:  # the title goes into the body
            room -= len(self.digest.title) + 2
        return int(room * _SHARE.get(self.service.resolve_format(NotifyFormat.TEXT), 0.5))


@dataclass(frozen=True, slots=True)
class Services:
    """What one notify entry names: mostly one service, or several with commas between their URLs."""

    services: tuple[NotifyBase, ...] = field(repr=False)
    asset: AppriseAsset = field(repr=False)
    deadline: float = _DEADLINE

    def send(self, digest: Digest) -> None:
        """Send one message through each, all at once.

        Raises:
            MhsyncError: naming the services that did not take it, and why.
        """
        end = time.monotonic() + self.deadline
        deliveries = [_Delivery(service, self.asset, digest) for service in self.services]
        for delivery in deliveries:
            delivery.thread.join(max(0.0, end - time.monotonic()))
        problems = [
            f"{delivery.service.service_name} {delivery.problem}"
            for delivery in deliveries
            if delivery.problem is not None
        ]
        if problems:
            raise MhsyncError("; ".join(problems))


def open_services(url: str) -> Services:
    """Read one Apprise URL, or several with commas between; nothing is sent.

    Raises:
        MhsyncError: Apprise does not understand one of them, or one would send plain text to another machine;
            the message shows nothing of it but its scheme.
    """
    with Overheard(), warnings.catch_warnings():
        # What Apprise loads at its first URL imports modules that Python is about to drop.
        warnings.simplefilter("ignore", DeprecationWarning)
        asset = _asset()
        opened = Apprise(asset=asset)
        try:
            is_understood = opened.add(url)
        except Exception:  # noqa: BLE001 - services are code of many hands
            is_understood = False
    services = tuple(opened)
    if not is_understood or not services:
        raise MhsyncError(
            "Apprise does not understand this URL: no service of that scheme, or a part is missing or malformed"
        )
    for service in services:
        require_encryption(service)
        if service.overflow_mode is OverflowMode.UPSTREAM:
            # The body is made to fit; what escaping adds to it is cut rather than refused.
            service.overflow_mode = OverflowMode.TRUNCATE
        if "socket_read_timeout" not in vars(service):  # no ?rto= in the URL
            # Who answers late has taken the message: waiting to the end of all keeps it from being sent again.
            service.socket_read_timeout = _DEADLINE
    return Services(services, asset)


def _asset() -> AppriseAsset:
    """How Apprise works for us."""
    return AppriseAsset(
        app_id="mhsync",
        app_desc="mhsync",
        image_url_mask="",  # no pictures from hosts of others
        image_url_logo="",
        # Its own pool would keep the program from ending while a service hangs: threads are ours.
        async_mode=False,
        service_timeout=0,
        storage_mode="memory",
        language="en",
        allow_templates=False,
        default_service_retry=_RETRIES,
        default_service_wait=_RETRY_PAUSE,
    )
