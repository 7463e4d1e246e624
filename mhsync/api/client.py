"""The public client for audio projects of the Magic Hour API (`from mhsync import Client`)."""

from __future__ import annotations

import os
import random as random_module
import threading
import time as time_module
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from mhsync.api.address import Address, AddressRefused
from mhsync.api.calls import Calls
from mhsync.api.credentials import check_key, find_key
from mhsync.api.late_transport import LateTransport
from mhsync.api.notice import Notices, WaitNotice
from mhsync.api.proxy import Network
from mhsync.api.rate_limiter import RateLimiter
from mhsync.api.responses import ErrorFormatter
from mhsync.api.timing import Time
from mhsync.core.project import Download, Project, is_valid_id
from mhsync.errors import UsageError
from mhsync.settings import Settings

if TYPE_CHECKING:
    from mhsync.api.check_result import Result
    from mhsync.api.download import Downloader, Fetched, W
    from mhsync.api.resume import Keeper
    from mhsync.api.transfer_events import TransferEvent
    from mhsync.api.transfer_progress import Report

BASE_URL = "https://api.magichour.ai"


def _never() -> bool:
    return False


class Client:
    """Calls the API and downloads outputs. Thread-safe. Close it, or use it as a context manager.

    Args:
        api_key: sent only to the API's own origin.
        base_url: https, or plain http on loopback; a path before `/v1` is kept.
        settings: every limit.
        network: proxy and certificates; `Network.from_environment` reads them from the environment.
        stop: called during waits and between chunks; True ends the call with `Interrupted`.
        key_from: the source of the key, for the hint of a 401.
        clock: seconds, never going back.
        wall: seconds since 1970.
        sleep: waits for the given seconds.
        random: a number from 0 up to 1, for jitter.
        on_wait: called with a notice when a call waits longer than `settings.http.notice_after` for its next
            attempt, once for each pause of an origin; called in the waiting thread, and must return quickly.

    Raises:
        CredentialsMissing: the key is empty or invalid.
        UsageError: the URL is invalid.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = BASE_URL,
        settings: Settings = Settings(),  # noqa: B008 - frozen
        network: Network = Network(),  # noqa: B008 - frozen
        stop: Callable[[], bool] = _never,
        key_from: str = "the api_key argument",
        clock: Callable[[], float] = time_module.monotonic,
        wall: Callable[[], float] = time_module.time,
        sleep: Callable[[float], None] = time_module.sleep,
        random: Callable[[], float] = random_module.random,
        on_wait: Callable[[WaitNotice], None] | None = None,
    ) -> None:
        key = check_key(api_key, key_from)
        base = _parse_base_url(base_url)
        self.origin = base.origin
        pool_size = max(settings.http.pool, settings.run.checkers, settings.run.transfers)
        notices = None
        if on_wait is not None:
            notices = Notices(on_wait, self.origin, least=settings.http.notice_after, clock=clock)
        time = Time(clock, wall, sleep, random, stop, notices)
        self._transport = LateTransport(replace(settings.http, pool=pool_size), network, time)
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        rate_limiter = RateLimiter(settings, time)
        errors = ErrorFormatter((key,), key_from)
        self._calls = Calls(self._transport, rate_limiter, settings.http, time, base, errors, headers)
        self._rate_limiter = rate_limiter
        self._settings = settings
        self._time = time
        self._lock = threading.Lock()
        self._made: Downloader | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Client:
        """A client configured by environment variables.

        The key comes from `MAGIC_HOUR_API_KEY`, else from the vendor's config file. The API URL comes from
        `MHSYNC_API_URL`, the proxy and the certificates from `HTTPS_PROXY`, `NO_PROXY` and `SSL_CERT_FILE`.

        Args:
            environ: the variables to read; None is the environment of this process.
            overrides: arguments of the constructor that take precedence over the environment.

        Raises:
            CredentialsMissing: no key was found; the message names the places that were searched.
            UsageError: the URL is invalid.
        """
        environ = os.environ if environ is None else environ
        options: dict[str, Any] = {"network": Network.from_environment(environ)}
        if environ.get("MHSYNC_API_URL"):
            options["base_url"] = environ["MHSYNC_API_URL"]
        if "api_key" not in overrides:
            credential = find_key(environ)
            options |= {"api_key": credential.key, "key_from": credential.origin}
        return cls(**(options | overrides))

    def prepare(self) -> None:
        """Import what requests need, which takes some time, before threads send the first ones."""
        self._transport.prepare()

    def get(self, id: str) -> Project:
        """Get the details of one project. An unknown status becomes `Status.UNKNOWN`; it is not an error.

        Raises:
            UsageError: the id is invalid; no request was sent.
            ProjectNotFound: 404. `enabled: false` also means that a project is deleted (`Project.is_gone`).
            ApiError: one of its subclasses.
        """
        return self._calls.get(_check_id(id))

    def delete(self, id: str) -> bool:
        """Delete one project permanently.

        If the response is lost, a GET checks the project, so that a completed delete is never an error.

        Returns:
            True if this call deleted the project; False after a 404: it was deleted before, or belongs to another
            account.

        Raises:
            UsageError: the id is invalid; no request was sent.
            ApiError: one of its subclasses; the project may still exist.
        """
        return self._calls.delete(_check_id(id))

    @property
    def clock_skew(self) -> float | None:
        """Seconds by which the clock of this machine is ahead of the API's, by the `Date` of its last response.

        The header has a precision of a second. None before the first response that has one.
        """
        return self._calls.server_clock.skew

    def probe(self) -> float | None:
        """Whether the API can be reached and accepts the key: GET a project that does not exist.

        Returns:
            The API's time in seconds since 1970, with a precision of a second; None if it sent none.

        Raises:
            AuthenticationFailed: the API refused the key.
            ApiError: another of its subclasses: the API cannot be reached, or returned an error.
        """
        return self._calls.probe()

    def check_result(
        self,
        id: str,
        wait_for_completion: bool = True,
        download_outputs: bool = True,
        download_directory: str | Path | None = None,
        *,
        timeout: float | None = None,
        on_progress: Callable[[TransferEvent], None] | None = None,
    ) -> Result:
        """Wait until a project is complete, and download its outputs. The vendor's SDK has the same call.

        A file is named after the last part of its URL. No file is replaced: if a file with that name and other
        content exists, `output.wav` becomes `output-2.wav`. A file with the same content is not stored twice.

        Args:
            wait_for_completion: poll until the project is complete; False checks it once.
            download_outputs: download the outputs of a complete project.
            download_directory: created if it does not exist; None is the current directory.
            timeout: seconds to wait at most. None waits as long as the project is queued or rendering.
            on_progress: called with a `TransferProgressed` at most ten times a second during a download, and with
                a `TransferEnded` at its end. It must return quickly.

        Raises:
            RenderFailed: the project ended in `error` or `canceled`, is a draft that was not submitted, or is
                deleted.
            WaitTimeout: the project was still rendering after `timeout` seconds.
            ApiError, DownloadError, StorageError: one of their subclasses.
        """
        from mhsync.api.check_result import ResultFetcher

        directory = (download_directory or ".") if download_outputs else None
        results = ResultFetcher(self._calls.get, self._downloader(), self._settings.wait, self._time, on_progress)
        return results.check(_check_id(id), wait=wait_for_completion, timeout=timeout, directory=directory)

    def download(
        self,
        download: Download,
        write: Callable[[], AbstractContextManager[W]],
        *,
        renew: Callable[[], Download],
        finish: Callable[[W, Fetched], None] | None = None,
        keeper: Keeper[W] | None = None,
        report: Report | None = None,
        finish_early: bool = False,
    ) -> Fetched:
        """Download one complete output into a writer.

        Args:
            download: the output; the query of its URL is a secret and is never shown.
            write: opens a new writer for each start of the download. Its block ends with an exception to discard
                the written bytes, and without one when the file is verified to be complete.
            renew: returns a new link after a host has refused the current one.
            finish: called inside the block with the complete file; may raise to discard it.
            keeper: keeps the received bytes when `stop` ends the call, and returns them to a later call.
            report: called at most ten times a second with the number of received bytes, and the size of the file
                in bytes (None where it is unknown). It must return quickly.
            finish_early: call `finish` while it is not known yet whether the server sends more bytes than it
                announced. If it does, the block of the writer ends with an exception, and the download restarts.

        Raises:
            DownloadError: the complete file could not be downloaded; `LinkExpired` where links were refused.
            Interrupted: `stop` returned True.
        """
        return self._downloader().fetch(
            download,
            write,
            renew=renew,
            finish=finish,
            keeper=keeper,
            report=report,
            finish_early=finish_early,
        )

    def _downloader(self) -> Downloader:
        """The one downloader of this client. A client that only sends `GET` requests does not import it."""
        from mhsync.api.bandwidth import Bandwidth
        from mhsync.api.download import Downloader

        with self._lock:
            if self._made is None:
                rate = self._settings.download.bandwidth
                bandwidth = Bandwidth(rate, self._time) if rate else None
                self._made = Downloader(self._transport, self._rate_limiter, self._settings, self._time, bandwidth)
            return self._made

    def close(self) -> None:
        """Close all idle connections. The client can be used again afterwards."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.origin!r})"


def api_origin(environ: Mapping[str, str] | None = None, base_url: str | None = None) -> str:
    """The origin that receipts name the API by, without a key.

    Args:
        environ: where `MHSYNC_API_URL` is read; None is the environment of this process.
        base_url: replaces it.

    Raises:
        UsageError: the URL is invalid.
    """
    environ = os.environ if environ is None else environ
    return _parse_base_url(base_url or environ.get("MHSYNC_API_URL") or BASE_URL).origin


def _parse_base_url(url: str) -> Address:
    try:
        address = Address.parse(url)
    except AddressRefused as error:
        raise UsageError(f"the API URL is invalid: {error}", hint="check MHSYNC_API_URL or --api-url") from None
    if address.query or "#" in url:
        raise UsageError(
            "the API URL is invalid: it contains a query or a fragment", hint="leave out everything after the path"
        )
    return Address(address.scheme, address.host, address.port, address.path.rstrip("/"))


def _check_id(id: str) -> str:
    if not is_valid_id(id):
        raise UsageError(
            f"invalid project id: {id!r:.80}", hint="an id is 1 to 128 letters, digits, hyphens and underscores"
        )
    return id
