"""What the download of one output may still cost: attempts, resumes, restarts, new links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mhsync.api.notice import reason_of
from mhsync.api.retry import REFUSALS
from mhsync.api.timing import Time
from mhsync.api.transfer import Body
from mhsync.api.transport import HttpResponse
from mhsync.core.backoff import backoff_delay
from mhsync.core.project import Download
from mhsync.errors import ApiError, DownloadError, LinkExpired, MhsyncError
from mhsync.fileio.partial import Partial, Restored
from mhsync.settings import Settings


class LinkRefused(DownloadError):
    """401, 403 or 410: the link has expired."""


class FileMissing(DownloadError):
    """The host knows no such file, or not under this link."""


class Restart(DownloadError):
    """Leaves the block that writes, so that it is entered again with nothing written."""


@dataclass(slots=True)
class DownloadAttempts:
    """One output, over all requests that it takes; what is spent is spent for the whole job."""

    download: Download
    renew: Callable[[], Download]
    settings: Settings
    time: Time
    failures: int = 0
    """Attempts in a row that brought nothing."""
    resumes: int = 0
    restarts: int = 0
    renewals: int = 0
    was_missing: bool = False
    is_restarting: bool = False
    """The block that writes is being left only to be entered again."""
    spare: HttpResponse | None = field(default=None, repr=False)
    """An answer that holds the whole file, though only the rest was asked for."""
    restored: Restored | None = field(default=None, repr=False)
    """What an earlier run has fetched, until a body goes on with it."""
    resumed: Partial | None = None
    """What the body goes on with that is being fetched now."""
    body: Body | None = field(default=None, repr=False)
    """What has been written so far."""

    @property
    def source(self) -> str:
        return self.download.source

    def begin(self) -> None:
        """The block that writes is about to be entered."""
        self.is_restarting, self.restored, self.resumed, self.body = False, None, None, None

    def close(self) -> None:
        if self.spare is not None:
            self.spare.close()
            self.spare = None

    def failed(self, reason: str, hint: str | None = None) -> DownloadError:
        return DownloadError(f"{self.source}: {reason}", hint=hint)

    def rest(self, failure: MhsyncError, origin: str, *, has_gained: bool) -> None:
        """Wait after an attempt that failed, as long as there may be another.

        Raises:
            DownloadError: there may be none.
        """
        reason, hint = _reason(failure)
        if has_gained:
            self.failures = 0
            self.resumes += 1
            if self.resumes > self.settings.download.resumes:
                raise self.failed(f"given up after {self.resumes} broken transfers: {reason}", hint)
        self.failures += 1
        if self.failures >= self.settings.download.attempts:
            raise self.failed(f"{reason} ({self.failures} attempts)", hint)
        if isinstance(failure, ApiError) and failure.status in REFUSALS:
            return  # The pace decides when the host may be asked again.
        http = self.settings.http
        rest = backoff_delay(self.failures, http.backoff, http.backoff_max, self.time.random())
        what = reason_of(failure) if isinstance(failure, ApiError) else f"did not give the file ({reason})"
        self.time.notice(origin, what, rest, self.failures + 1, self.settings.download.attempts)
        self.time.wait(rest)

    def restart(self, failure: MhsyncError) -> Restart:
        """What to raise so that all begins again.

        Raises:
            DownloadError: it began anew too often already.
        """
        reason, hint = _reason(failure)
        self.restarts += 1
        if self.restarts >= self.settings.download.attempts:
            raise self.failed(f"{reason} (begun {self.restarts} times)", hint)
        self.is_restarting = True
        return Restart(reason)

    def renew_link(self, error: LinkRefused | FileMissing) -> None:
        """Ask for a new link, as long as there may be one.

        Raises:
            DownloadError: there may be none; `LinkExpired` where links were refused.
        """
        if isinstance(error, FileMissing):
            if self.was_missing:
                raise self.failed(error.message)
            self.was_missing = True
        elif self.renewals >= self.settings.download.renewals:
            raise LinkExpired(
                f"{self.source}: {error.message}, and so were {self.renewals} new ones",
                hint="the host refuses what the API gives out: run again later",
            )
        else:
            self.renewals += 1
        self.download = self.renew()


def _reason(failure: MhsyncError) -> tuple[str, str | None]:
    """The message without the host in front of it: the source, which stands there already, begins with it."""
    origin, _, rest = failure.message.partition(": ")
    return (rest if "://" in origin and rest else failure.message), failure.hint
