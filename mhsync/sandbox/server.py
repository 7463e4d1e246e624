"""Sandbox: the API and its file host on two ports of this machine, over one world."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from mhsync.sandbox.account import Account
from mhsync.sandbox.api import ApiHost, project_id
from mhsync.sandbox.files import LIFETIME, FileHost, Signer, carries, output_of
from mhsync.sandbox.listener import LOOPBACK, Listener
from mhsync.sandbox.log import Entry, RequestLog
from mhsync.sandbox.occasion import Fault, FaultContext
from mhsync.sandbox.rules import Faults
from mhsync.sandbox.wire import HttpResponse, Request

SANDBOX_KEY = "mhk_sandbox_4f1c7a90d2"
"""The API key of a sandbox that is not given another; it opens nothing else."""


class Sandbox:
    """A running sandbox; a context manager, or `start` and `stop`, which may be repeated on the same ports.

    Args:
        world: the account; it may be changed while the sandbox runs.
        key: the API key that it accepts.
        port: the API's port; 0 lets the system choose. The file host's is `files_port`.
        faults: what goes wrong, and when; it may be replaced while the sandbox runs.
        latency: seconds that every answer takes.
        link_lifetime: seconds that a download link works for.
        clock: seconds since 1970, for the links.

    Attributes:
        requests: what was asked so far.
    """

    def __init__(
        self,
        account: Account,
        *,
        key: str = SANDBOX_KEY,
        port: int = 0,
        files_port: int = 0,
        faults: Faults | None = None,
        latency: float = 0.0,
        link_lifetime: float = LIFETIME,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.account = account
        self.key = key
        self.faults = faults or Faults()
        self.requests = RequestLog()
        self._ports = {"api": port, "files": files_port}
        self._latency = latency
        self._signer = Signer(secrets.token_bytes(32), link_lifetime, clock)
        self._api = ApiHost(account, key, self._link)
        self._files = FileHost(account, key, self._signer)
        self._listeners: tuple[Listener, ...] = ()

    def start(self) -> Self:
        """Listen, and start the world's clock.

        Raises:
            OSError: a port is taken.
        """
        if not self._listeners:
            api = Listener("api", self._ports["api"], self._exchange)
            try:
                files = Listener("files", self._ports["files"], self._exchange)
            except OSError:
                api.stop()
                raise
            self._ports = {"api": api.port, "files": files.port}
            self._listeners = (api, files)
            self.account.begin()
        return self

    def stop(self) -> None:
        """Refuse connections and end those that are open; nothing is left running."""
        listeners, self._listeners = self._listeners, ()
        for listener in listeners:
            listener.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def api_url(self) -> str:
        return f"http://{LOOPBACK}:{self._ports['api']}"

    @property
    def files_url(self) -> str:
        return f"http://{LOOPBACK}:{self._ports['files']}"

    @property
    def ids(self) -> tuple[str, ...]:
        return self.account.ids

    def _link(self, path: str) -> tuple[str, str]:
        target, expires_at = self._signer.sign(path)
        return self.files_url + target, expires_at

    def _exchange(self, request: Request) -> HttpResponse:
        id = project_id(request)
        faults = self.faults
        fault = faults.pick(request, id)
        answer = self._answer(request, fault)
        self.requests.add(
            Entry(
                host=request.host,
                method=request.method,
                path=request.path,
                id=id,
                status=None if answer.is_silent else answer.status,
                has_authorization="authorization" in request.headers,
                has_key=carries(request, self.key),
                range=request.headers.get("range"),
                fault=None if fault is None else type(fault).__name__,
            )
        )
        return replace(answer, delay=answer.delay + self._latency) if self._latency else answer

    def _answer(self, request: Request, fault: Fault | None) -> HttpResponse:
        real_response = self._api.answer if request.host == "api" else self._files.answer
        if fault is None:
            return real_response(request)
        origins = {"api": self.api_url, "files": self.files_url}
        return fault.apply(FaultContext(request, real_response, self.account, origins, output_of(request)))
