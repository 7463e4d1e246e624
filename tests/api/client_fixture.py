"""Settings with short waits, a sandbox with a client, and in-memory writers, for the tests of `mhsync/api`."""

from __future__ import annotations

import hashlib
import io
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from mhsync.api.address import Address
from mhsync.api.client import Client
from mhsync.api.download import Fetched
from mhsync.api.proxy import Network
from mhsync.api.timing import Time
from mhsync.api.transport import Transport
from mhsync.core.project import Download
from mhsync.sandbox.faults import Stall
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox
from mhsync.settings import DownloadSettings, HttpSettings, RateLimitSettings, Settings, WaitSettings

KEY = "mhk_test_5c0ffee15ecre7"

QUICK = Settings(
    http=HttpSettings(connect_timeout=5, read_timeout=5, retry_window=60, backoff=0.01, backoff_max=0.05),
    pace=RateLimitSettings(pause=0.02, pause_max=0.1),
    download=DownloadSettings(read_timeout=5, chunk=4096),
    wait=WaitSettings(first=0.05, factor=1.2, most=0.2),
)
"""Waits are short, so that tests fail fast; the numbers of attempts are the defaults."""

HASTY = replace(
    QUICK, http=replace(QUICK.http, read_timeout=0.2), download=replace(QUICK.download, read_timeout=0.2)
)
"""Short timeouts, for servers that send nothing."""


TIME = Time(time.monotonic, time.time, time.sleep, random.random, lambda: False)
"""The real clock, without a stop request."""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class MemoryWriters:
    """Writers for downloads: the completed contents, and how often a writer was opened."""

    kept: list[bytes] = field(default_factory=list)
    begun: int = 0
    finished: list[Fetched] = field(default_factory=list)

    @contextmanager
    def write(self) -> Iterator[io.BytesIO]:
        self.begun += 1
        buffer = io.BytesIO()
        yield buffer
        self.kept.append(buffer.getvalue())

    def finish(self, _: io.BytesIO, fetched: Fetched) -> None:
        self.finished.append(fetched)


def never_renewed() -> Download:
    raise AssertionError("a new link was requested")


def fetch(
    client: Client, url: str, renew: Callable[[], Download] = never_renewed
) -> tuple[Fetched, MemoryWriters]:
    writers = MemoryWriters()
    fetched = client.download(Download(url), writers.write, renew=renew, finish=writers.finish)
    return fetched, writers


def send(url: str, network: Network = Network(), **headers: str):  # noqa: B008
    """The status and the body of a GET without retries."""
    transport = Transport(HttpSettings(connect_timeout=5), network, TIME)
    try:
        with transport.send("GET", Address.parse(url), headers, read_timeout=5) as response:
            body = b""
            while piece := response.read(10):
                body += piece
            return response.status, body
    finally:
        transport.close()


@dataclass
class ApiFixture:
    """A sandbox with one complete project, and a client for it."""

    sandbox: Sandbox
    client: Client
    id: str = "one"

    def fault(self, fault: object, **where: object) -> None:
        """Make the API fail from now on, or the host given as `host`."""
        self.sandbox.faults = Faults(Rule(fault, **{"host": "api", **where}))

    def faults(self, *rules: Rule) -> None:
        self.sandbox.faults = Faults(*rules)

    def shorten_timeouts_if_stalled(self, fault: object, client: Callable[..., Client]) -> None:
        """Use short timeouts if the fault stalls the connection."""
        if isinstance(fault, Stall):
            self.client = client(self.sandbox.api_url, settings=HASTY)

    def request_count(self, method: str | None = None, host: str = "api") -> int:
        return len(self.sandbox.requests.of(host=host, method=method))

    @property
    def audio(self) -> bytes:
        (output,) = self.sandbox.account.project(self.id).outputs
        return b"".join(output.audio.read())

    def link(self) -> Download:
        return self.client.get(self.id).downloads[0]

    def fetch(self) -> tuple[Fetched, MemoryWriters]:
        """Download the output, with new links from the API where needed."""
        writers = MemoryWriters()
        fetched = self.client.download(self.link(), writers.write, renew=self.link, finish=writers.finish)
        return fetched, writers
