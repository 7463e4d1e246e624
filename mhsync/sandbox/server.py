"""Sandbox: the API and its file host on two local ports, with one account."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from mhsync.sandbox.account import Account
from mhsync.sandbox.api import ApiHost, project_id
from mhsync.sandbox.fault_context import Fault, FaultContext
from mhsync.sandbox.files import LIFETIME, FileHost, Signer, carries, output_of
from mhsync.sandbox.listener import LOOPBACK, Listener
from mhsync.sandbox.log import Entry, RequestLog
from mhsync.sandbox.rules import Faults
from mhsync.sandbox.webhooks import Delivered, Webhook, WebhookSender
from mhsync.sandbox.wire import HttpResponse, Request

SANDBOX_KEY = "mhk_sandbox_4f1c7a90d2"
"""The default API key of a sandbox. It is valid nowhere else."""


class Sandbox:
    """A local server of the API. Use it as a context manager, or with `start` and `stop`, which keep the ports.

    Args:
        account: the account; it may be changed while the sandbox runs.
        key: the API key to accept.
        port: the port of the API; 0 for a free one.
        files_port: the port of the file host; 0 for a free one.
        faults: the faults to inject; they may be replaced while the sandbox runs.
        latency: seconds of delay before every response.
        webhook: where to send the events of renders; None sends none.
        link_lifetime: seconds until a download link expires.
        clock: seconds since 1970, for the expiry of links.

    Attributes:
        requests: the requests that were received so far.
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
        webhook: Webhook | None = None,
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
        self._webhook = webhook
        self._clock = clock
        self._sender: WebhookSender | None = None

    def start(self) -> Self:
        """Listen, and start the time of the account.

        Raises:
            OSError: a port is in use.
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
            if self._webhook is not None:
                self._sender = WebhookSender(
                    self.account, self._api.details, self._webhook, lambda: self.faults.webhooks, self._clock
                )
                self._sender.start()
        return self

    def stop(self) -> None:
        """Close the ports and all connections, and end all threads."""
        listeners, self._listeners = self._listeners, ()
        if self._sender is not None and listeners:
            self._sender.stop()
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
    def deliveries(self) -> tuple[Delivered, ...]:
        """The attempts to deliver events, in their order; kept after a stop, until the next start."""
        return () if self._sender is None else self._sender.deliveries

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
