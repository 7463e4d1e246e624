"""Counts and limits the attempts of one download: retries, resumed transfers, restarts and new links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from mhsync.api.notice import describe_failure
from mhsync.api.retry import THROTTLING_STATUSES
from mhsync.api.timing import Time
from mhsync.api.transfer import Transfer
from mhsync.api.transfer_progress import TransferMeter
from mhsync.api.transport import HttpResponse
from mhsync.core.backoff import backoff_delay
from mhsync.core.project import Download
from mhsync.dataclass import dataclass
from mhsync.errors import ApiError, DownloadError, LinkExpired, MhsyncError
from mhsync.fileio.partial import Partial, Restored
from mhsync.settings import Settings

_HINT = "the host did not send the file: run again later"


class LinkRefused(DownloadError):
    """401, 403 or 410: the link has expired."""


class FileMissing(DownloadError):
    """The host has no such file, or not under this link."""


class RestartDownload(DownloadError):
    """Ends the block of the writer, so that it is entered again with an empty writer."""


@dataclass(slots=True)
class DownloadAttempts:
    """The attempts and the state of one download. The counters are shared by all its requests."""

    download: Download
    renew: Callable[[], Download]
    settings: Settings
    time: Time
    meter: TransferMeter
    failures: int = 0
    """Attempts in a row that received no bytes."""
    resumes: int = 0
    restarts: int = 0
    renewals: int = 0
    was_missing: bool = False
    is_restarting: bool = False
    """Whether the block of the writer ends only to be entered again."""
    full_response: HttpResponse | None = field(default=None, repr=False)
    """A response with the whole file, received although only the rest was requested: the restart uses it."""
    unconfirmed: HttpResponse | None = field(default=None, repr=False)
    """The response of the complete file, until its end is confirmed."""
    is_size_in_file: bool = False
    """Whether the header of the complete file states exactly the number of received bytes."""
    restored: Restored | None = field(default=None, repr=False)
    """The bytes that an earlier run kept, until a transfer continues them."""
    continued: Partial | None = None
    """The kept bytes that the current transfer continues."""
    transfer: Transfer | None = field(default=None, repr=False)
    """The transfer into the writer."""

    @property
    def source(self) -> str:
        """The URL of the output without its query."""
        return self.download.source

    def begin(self) -> None:
        """Reset the state that belongs to one entry of the writer's block."""
        self.is_restarting, self.restored, self.continued, self.transfer = False, None, None, None

    def close(self) -> None:
        for response in (self.full_response, self.unconfirmed):
            if response is not None:
                response.close()
        self.full_response = self.unconfirmed = None

    def confirm_end(self, origin: str) -> None:
        """Check that the response of the complete file has ended where its length says.

        There is no wait for more bytes where the file itself states the same length.

        Raises:
            RestartDownload: more bytes have arrived.
            DownloadError: the same, and there is no further attempt.
            Interrupted: the run was asked to stop.
        """
        response, self.unconfirmed = self.unconfirmed, None
        if response is None:
            return
        with response:
            try:
                response.confirm_end(may_wait=not self.is_size_in_file)
            except ApiError as error:
                failure = error
            else:
                return
        self.wait_before_retry(failure, origin, has_progressed=False)
        raise self.restart(failure)

    def error(self, reason: str, hint: str | None = None) -> DownloadError:
        """The error that ends the download; without a hint of its own it advises a later run."""
        return DownloadError(f"{self.source}: {reason}", hint=hint or _HINT)

    def wait_before_retry(self, failure: MhsyncError, origin: str, *, has_progressed: bool) -> None:
        """Count a failed attempt, and wait before the next one.

        Raises:
            DownloadError: there is no further attempt.
        """
        reason, hint = _reason(failure)
        if has_progressed:
            self.failures = 0
            self.resumes += 1
            if self.resumes > self.settings.download.resumes:
                raise self.error(f"{reason} (gave up after {self.resumes} interrupted transfers)", hint)
        self.failures += 1
        if self.failures >= self.settings.download.attempts:
            raise self.error(f"{reason} ({self.failures} attempts)", hint)
        if isinstance(failure, ApiError) and failure.status in THROTTLING_STATUSES:
            return  # The rate limiter decides when the next request may be sent.
        http = self.settings.http
        delay = backoff_delay(self.failures, http.backoff, http.backoff_max, self.time.random())
        problem = (
            describe_failure(failure) if isinstance(failure, ApiError) else f"did not send the file ({reason})"
        )
        self.time.notice(origin, problem, delay, self.failures + 1, self.settings.download.attempts)
        self.time.wait(delay)

    def restart(self, failure: MhsyncError) -> RestartDownload:
        """The exception to raise so that the download starts again.

        Raises:
            DownloadError: it was restarted too often.
        """
        reason, hint = _reason(failure)
        self.restarts += 1
        if self.restarts >= self.settings.download.attempts:
            raise self.error(f"{reason} (started {self.restarts} times)", hint)
        self.is_restarting = True
        return RestartDownload(reason)

    def renew_link(self, error: LinkRefused | FileMissing) -> None:
        """Request a new link.

        Raises:
            DownloadError: no further link is requested; `LinkExpired` where links were refused.
        """
        if isinstance(error, FileMissing):
            if self.was_missing:
                raise self.error(error.message)
            self.was_missing = True
        elif self.renewals >= self.settings.download.renewals:
            raise LinkExpired(
                f"{self.source}: {error.message}, and so were {self.renewals} new links",
                hint="the host refuses the links that the API returns: run again later",
            )
        else:
            self.renewals += 1
        self.download = self.renew()


def _reason(failure: MhsyncError) -> tuple[str, str | None]:
    """The message and the hint; without the origin, since the source before the message contains it."""
    origin, _, rest = failure.message.partition(": ")
    return (rest if "://" in origin and rest else failure.message), failure.hint
