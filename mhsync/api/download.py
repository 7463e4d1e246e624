"""One output, fetched whole: streamed, hashed on the way, its length proved."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from mhsync.api.network import Address, AddressRefused
from mhsync.api.retry import Attempts, Time
from mhsync.api.transport import Answer, Transport
from mhsync.core.project import Download
from mhsync.core.receipt import Proof
from mhsync.errors import ApiError, DownloadError, LinkExpired
from mhsync.settings import Settings


class Sink(Protocol):
    """What takes the bytes, in order: a storage's writer, or any binary file."""

    def write(self, data: bytes, /) -> int: ...


W = TypeVar("W", bound=Sink)
_EXPIRED = frozenset({401, 403, 410})


@dataclass(frozen=True, slots=True)
class Fetched:
    """One output that is whole. `size` is in bytes, `source` its URL without the query."""

    size: int
    sha256: str
    proof: Proof
    source: str


@dataclass(frozen=True, slots=True)
class Downloader:
    """Fetches outputs from download hosts. The API key never comes here."""

    transport: Transport
    settings: Settings
    time: Time

    def fetch(
        self,
        download: Download,
        write: Callable[[], AbstractContextManager[W]],
        *,
        renew: Callable[[], Download],
        finish: Callable[[W, Fetched], None] | None = None,
    ) -> Fetched:
        attempts = Attempts(self.settings.http, self.time)
        renewals = 0
        while True:
            try:
                return self._fetch_once(download, write, finish)
            except LinkExpired:
                if renewals >= self.settings.download.renewals:
                    raise
                renewals += 1
                download = renew()
                continue
            except (DownloadError, ApiError) as error:
                rest = attempts.pause()
                failure = error
            if rest is None:
                raise DownloadError(f"{download.source}: {failure.message}", hint=failure.hint)
            self.time.wait(rest)

    def _fetch_once(
        self,
        download: Download,
        write: Callable[[], AbstractContextManager[W]],
        finish: Callable[[W, Fetched], None] | None,
    ) -> Fetched:
        try:
            address = Address.parse(download.url)
        except AddressRefused as error:
            raise DownloadError(f"{download.source}: {error}") from None
        with self.transport.send("GET", address, {}, read_timeout=self.settings.download.read_timeout) as answer:
            if answer.status in _EXPIRED:
                raise LinkExpired(f"{download.source}: the link was refused ({answer.status})")
            if answer.status != 200:
                raise DownloadError(f"{download.source}: the host answered {answer.status}")
            with write() as writer:
                fetched = self._copy(answer, writer, download.source)
                if finish is not None:
                    finish(writer, fetched)
                return fetched

    def _copy(self, answer: Answer, writer: Sink, source: str) -> Fetched:
        digest = hashlib.sha256()
        size = 0
        while chunk := answer.read(self.settings.download.chunk):
            self.time.check()
            writer.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        if not size:
            raise DownloadError(f"{source}: the file is empty")
        if answer.length is None and not answer.is_chunked:
            raise DownloadError(f"{source}: nothing proves that the file is whole")
        return Fetched(size, digest.hexdigest(), Proof.CHUNKED if answer.is_chunked else Proof.LENGTH, source)
