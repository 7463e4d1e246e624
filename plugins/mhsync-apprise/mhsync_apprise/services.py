"""Opens Apprise URLs and sends through the services. The only module that uses Apprise.

The URLs are secrets. Apprise's log records and exceptions contain parts of them, so neither leaves this module.
"""

from __future__ import annotations

import threading
import time
import warnings
from dataclasses import dataclass, field

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType, OverflowMode

from mhsync import MhsyncError
from mhsync_apprise.encryption import require_encryption
from mhsync_apprise.log_capture import log_capture
from mhsync_apprise.message import Digest

_DEADLINE = 60.0
"""Seconds for all services of one target together, retries and Apprise's own pacing included."""
_RETRIES = 2
_RETRY_PAUSE = 2.0
_SHARE = {NotifyFormat.TEXT: 1.0, NotifyFormat.MARKDOWN: 0.75}
"""The share of a service's limit that the text may use. Escaping makes a text longer, most of all in HTML."""


@dataclass(slots=True)
class _Delivery:
    """The delivery of one message to one service, on a daemon thread."""

    service: NotifyBase
    asset: AppriseAsset
    digest: Digest
    problem: str | None = "did not answer in time"
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name="mhsync-apprise", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with log_capture() as reason:
            try:
                is_sent = self._send()
            except Exception as error:  # noqa: BLE001 - a service may raise anything
                self.problem = f"failed with {type(error).__name__}"
                return
        self.problem = None if is_sent else reason.text

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
        """The maximum length of the body in characters, so that it fits after escaping."""
        room = self.service.body_maxlen
        if self.service.title_maxlen <= 0:  # the title goes into the body
            room -= len(self.digest.title) + 2
        return int(room * _SHARE.get(self.service.resolve_format(NotifyFormat.TEXT), 0.5))


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one notify entry: one URL, or several separated by commas."""

    services: tuple[NotifyBase, ...] = field(repr=False)
    asset: AppriseAsset = field(repr=False)
    deadline: float = _DEADLINE

    def send(self, digest: Digest) -> None:
        """Send one message through all services at the same time.

        Raises:
            MhsyncError: a service did not accept the message. The text names each such service and the reason.
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
    """Parse one Apprise URL, or several separated by commas. Nothing is sent.

    Raises:
        MhsyncError: Apprise cannot parse a URL, or a service would send plain text to another machine. The
            message shows only the scheme.
    """
    with log_capture(), warnings.catch_warnings():
        # Apprise loads its services at the first URL, and some import deprecated modules.
        warnings.simplefilter("ignore", DeprecationWarning)
        asset = _asset()
        opened = Apprise(asset=asset)
        try:
            is_parsed = opened.add(url)
        except Exception:  # noqa: BLE001 - a service may raise anything
            is_parsed = False
    services = tuple(opened)
    if not is_parsed or not services:
        raise MhsyncError(
            "Apprise cannot parse this URL: the scheme is unknown, or a part is missing or malformed"
        )
    for service in services:
        require_encryption(service)
        if service.overflow_mode is OverflowMode.UPSTREAM:
            # The body fits. If escaping makes it too long, it is cut, not refused.
            service.overflow_mode = OverflowMode.TRUNCATE
        if "socket_read_timeout" not in vars(service):  # no ?rto= in the URL
            # A service that answers late has accepted the message. A shorter timeout would send it twice.
            service.socket_read_timeout = _DEADLINE
    return Services(services, asset)


def _asset() -> AppriseAsset:
    """The settings of Apprise."""
    return AppriseAsset(
        app_id="mhsync",
        app_desc="mhsync",
        image_url_mask="",  # no images from other hosts
        image_url_logo="",
        # Apprise's own pool would keep the program running while a service hangs.
        async_mode=False,
        service_timeout=0,
        storage_mode="memory",
        language="en",
        allow_templates=False,
        default_service_retry=_RETRIES,
        default_service_wait=_RETRY_PAUSE,
    )
