"""Client: the Magic Hour API for audio projects, as a library (`from mhsync import Client`)."""

from __future__ import annotations

import os
import random as random_module
import time as time_module
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mhsync.api.address import Address, AddressRefused, Network
from mhsync.api.answers import ErrorFormatter
from mhsync.api.calls import Calls
from mhsync.api.check_result import Result, Results
from mhsync.api.credentials import check_key, find_key
from mhsync.api.download import Downloader, Fetched, W
from mhsync.api.notice import Notices, WaitNotice
from mhsync.api.rate_limiter import RateLimiter
from mhsync.api.resume import Keeper
from mhsync.api.timing import Time
from mhsync.api.transport import Transport
from mhsync.core.project import Download, Project, is_valid_id
from mhsync.errors import UsageError
from mhsync.settings import Settings

BASE_URL = "https://api.magichour.ai"


def _never() -> bool:
    return False


class Client:
    """Calls the API and fetches outputs. May be used by many threads at once; close it, or use it as a context.

    Args:
        api_key: goes to the API's own origin and nowhere else.
        base_url: https, or plain http on loopback; a path in front of `/v1` is kept.
        settings: every bound.
        network: proxy and certificates; `Network.from_environment` reads them.
        stop: asked while waiting and between chunks; True ends the call with `Interrupted`.
        key_from: where the key came from, for the hint of a 401.
        on_wait: given a notice when a call waits longer than `settings.http.notice_after` for its next attempt,
            once for each pause of an origin; called in the thread that waits, and must return quickly.

    Raises:
        UsageError: the key or the URL cannot be used.
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
        base = _base(base_url)
        self.origin = base.origin
        at_once = max(settings.http.pool, settings.run.checkers, settings.run.transfers)
        notices = None
        if on_wait is not None:
            notices = Notices(on_wait, self.origin, least=settings.http.notice_after, clock=clock)
        time = Time(clock, wall, sleep, random, stop, notices)
        self._transport = Transport(replace(settings.http, pool=at_once), network, time)
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        rate_limiter = RateLimiter(settings, time)
        words = ErrorFormatter((key,), key_from)
        self._calls = Calls(self._transport, rate_limiter, settings.http, time, base, words, headers)
        self._downloader = Downloader(self._transport, rate_limiter, settings, time)
        self._results = Results(self._calls.get, self._downloader, settings.wait, time)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Client:
        """A client as the environment says.

        `MAGIC_HOUR_API_KEY`, else the vendor's config file, gives the key, `MHSYNC_API_URL` the address, and
        `HTTPS_PROXY`, `NO_PROXY` and `SSL_CERT_FILE` the network.

        Args:
            environ: the variables to read; None is the environment of this process.
            overrides: arguments of the constructor that are to be used instead.

        Raises:
            CredentialsMissing: there is no key; the message says where it was looked for.
        """
        environ = os.environ if environ is None else environ
        options: dict[str, Any] = {"network": Network.from_environment(environ)}
        if environ.get("MHSYNC_API_URL"):
            options["base_url"] = environ["MHSYNC_API_URL"]
        if "api_key" not in overrides:
            credential = find_key(environ)
            options |= {"api_key": credential.key, "key_from": credential.origin}
        return cls(**(options | overrides))

    def get(self, id: str) -> Project:
        """The details of one project. A status that mhsync does not know is `Status.UNKNOWN`, not an error.

        Raises:
            UsageError: the id is none; nothing was sent.
            ProjectNotFound: 404. A project may also be gone by `enabled: false` (`Project.is_gone`).
            ApiError: one of its leaves.
        """
        return self._calls.get(_checked(id))

    def delete(self, id: str) -> bool:
        """Delete one project for good.

        An answer that was lost is looked for with a GET, so that a delete that was done is never an error.

        Returns:
            True when this call deleted it; False when it answered 404: gone before, or another account's.

        Raises:
            UsageError: the id is none; nothing was sent.
            ApiError: one of its leaves; the project may still be there.
        """
        return self._calls.delete(_checked(id))

    def check_result(
        self,
        id: str,
        wait_for_completion: bool = True,
        download_outputs: bool = True,
        download_directory: str | Path | None = None,
        *,
        timeout: float | None = None,
    ) -> Result:
        """Look at a project, wait until it is complete, and fetch its outputs: the vendor's own call.

        Outputs are named by the last part of their URL. No file is ever replaced: where the name is taken by
        other bytes, `output.wav` becomes `output-2.wav`; the same bytes are not stored twice.

        Args:
            wait_for_completion: poll while it renders; otherwise whatever is complete now is fetched.
            download_outputs: fetch the outputs of a complete project.
            download_directory: where to; made if it is missing. None is the current directory.
            timeout: seconds to wait at most. None waits as long as the project is queued or rendering.

        Raises:
            RenderFailed: it ended in error or canceled, is a draft that nobody submitted, or is gone.
            WaitTimeout: it was still rendering when the time was up.
            ApiError, DownloadError, StorageError: one of their leaves.
        """
        directory = (download_directory or ".") if download_outputs else None
        return self._results.check(_checked(id), wait=wait_for_completion, timeout=timeout, directory=directory)

    def download(
        self,
        download: Download,
        write: Callable[[], AbstractContextManager[W]],
        *,
        renew: Callable[[], Download],
        finish: Callable[[W, Fetched], None] | None = None,
        keeper: Keeper[W] | None = None,
    ) -> Fetched:
        """Fetch one output whole, into a writer.

        Args:
            download: what to fetch; its URL is a secret and is never shown with its query.
            write: opens a new writer each time that the body must be started anew; its block is left with an
                exception to discard what was written, and well when the body is whole and proved.
            renew: gives a fresh link once this one is refused.
            finish: called inside the block once the body is whole; may raise to discard it.
            keeper: keeps what has come when `stop` ends the call, and gives it back to a later call.

        Raises:
            DownloadError: it could not be fetched whole; `LinkExpired` where links were refused.
            Interrupted: `stop` said so.
        """
        return self._downloader.fetch(download, write, renew=renew, finish=finish, keeper=keeper)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.origin!r})"


def _base(url: str) -> Address:
    try:
        address = Address.parse(url)
    except AddressRefused as error:
        raise UsageError(
            f"the API's address cannot be used: {error}", hint="look at MHSYNC_API_URL or --api-url"
        ) from None
    if address.query or "#" in url:
        raise UsageError(
            "the API's address cannot be used: it has a query", hint="give it up to the host or its path"
        )
    return Address(address.scheme, address.host, address.port, address.path.rstrip("/"))


def _checked(id: str) -> str:
    if not is_valid_id(id):
        raise UsageError(
            f"not a project id: {id!r:.80}", hint="an id is 1 to 128 letters, digits, hyphens and underscores"
        )
    return id
