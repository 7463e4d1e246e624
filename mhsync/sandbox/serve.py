"""Run a sandbox until a signal arrives, or while a command runs."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType
from typing import ClassVar

from mhsync.dataclass import dataclass
from mhsync.errors import UsageError
from mhsync.exit_codes import COMMAND_NOT_STARTED, SIGNAL_BASE
from mhsync.sandbox.defaults import default_account
from mhsync.sandbox.faultfile import load_faults
from mhsync.sandbox.seed import load_seed
from mhsync.sandbox.server import SANDBOX_KEY, Sandbox
from mhsync.sandbox.webhooks import SANDBOX_SECRET, Webhook

DEFAULT_PORT = 18640
"""The API's port where no other is chosen; the file host's is the next one."""
_PORT_MAX = 65535
_ENDING = (signal.SIGINT, signal.SIGTERM)


class CommandNotRun(UsageError):
    """The command of `sandbox run` could not be started. The exit code is 127, as in a shell."""

    exit_code: ClassVar[int] = COMMAND_NOT_STARTED
    code: ClassVar[str] = "command_not_run"


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """The options of `mhsync sandbox`; None for an option that was not given.

    Receipts and download links hold the addresses of the API and of the file host. So both ports are the same in
    every run, unless they are taken: `DEFAULT_PORT` or `port` for the API, the next port for the file host.
    A `port` of 0 takes two free ports.
    """

    port: int | None = None
    seed: Path | None = None
    faults: Path | None = None
    key: str | None = None
    latency: float | None = None
    webhook: str | None = None
    webhook_secret: str | None = None

    def over(self, others: SandboxOptions) -> SandboxOptions:
        """These options, completed by the others."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(others, **given)

    @contextmanager
    def running(self, notice: Callable[[str], object] = lambda _text: None) -> Iterator[Sandbox]:
        """A sandbox that runs within the block.

        Args:
            notice: gets one line where the sandbox could not listen on its usual ports.

        Raises:
            UsageError: a file cannot be read, or the port of `port` is taken.
            ManifestError: a file is invalid.
        """
        account = default_account() if self.seed is None else load_seed(self.seed)
        faults = None if self.faults is None else load_faults(self.faults)

        webhook = None if self.webhook is None else Webhook(self.webhook, self.webhook_secret or SANDBOX_SECRET)

        def sandbox_on(port: int, files_port: int) -> Sandbox:
            return Sandbox(
                account,
                key=self.key or SANDBOX_KEY,
                port=port,
                files_port=files_port,
                faults=faults,
                latency=self.latency or 0.0,
                webhook=webhook,
            ).start()

        sandbox = self._listen(sandbox_on)
        try:
            if not self._is_on_usual_ports(sandbox):
                notice(
                    f"note: port {self._usual_ports[0]} or {self._usual_ports[1]} is in use; the sandbox listens "
                    f"on {sandbox.api_url} and {sandbox.files_url}; receipts written with other ports do not match"
                )
            yield sandbox
        finally:
            sandbox.stop()

    @property
    def _usual_ports(self) -> tuple[int, int]:
        port = DEFAULT_PORT if self.port is None else self.port
        return (port, port + 1) if 0 < port < _PORT_MAX else (port, 0)

    def _is_on_usual_ports(self, sandbox: Sandbox) -> bool:
        pairs = zip(self._usual_ports, (sandbox.api_url, sandbox.files_url), strict=True)
        return all(not port or url.endswith(f":{port}") for port, url in pairs)

    def _listen(self, sandbox_on: Callable[[int, int], Sandbox]) -> Sandbox:
        port, files_port = self._usual_ports
        for ports in ((port, files_port), (port, 0)):
            with suppress(OSError):
                return sandbox_on(*ports)
        try:
            return sandbox_on(self.port or 0, 0)
        except OSError as error:
            hint = "choose another --port, or omit it"
            what = os.strerror(error.errno or 0)
            raise UsageError(f"cannot listen on port {self.port}: {what}", hint=hint) from None


def announcement(sandbox: Sandbox) -> str:
    """The first line on stdout: one JSON object with the URLs, the key and the ids."""
    return json.dumps(
        {"api": sandbox.api_url, "files": sandbox.files_url, "key": sandbox.key, "ids": list(sandbox.ids)}
    )


def help_lines(sandbox: Sandbox) -> Iterator[str]:
    """The lines on stderr: how to use the sandbox from another terminal."""
    yield "The sandbox runs until Ctrl-C. In another terminal:"
    for name, value in environment(sandbox).items():
        yield f"  export {name}={shlex.quote(value)}"
    for id in sandbox.ids[:1]:
        yield f"  mhsync get {id}"


def environment(sandbox: Sandbox) -> dict[str, str]:
    """The environment variables with which a command uses the sandbox."""
    return {"MHSYNC_API_URL": sandbox.api_url, "MAGIC_HOUR_API_KEY": sandbox.key}


@contextmanager
def until_signal() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, instead of ending the process.

    Enter the block before the sandbox is announced, so that no signal arrives before the handler is set.
    """
    ended = threading.Event()
    with _signals_to(lambda _number: ended.set()):
        yield ended


def run_command(sandbox: Sandbox, command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command against the sandbox, and pass Ctrl-C and SIGTERM on to it.

    Returns:
        Its exit code, or 128 plus the number of the signal that ended it.

    Raises:
        CommandNotRun: it could not be started.
    """
    child: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def forward(number: int) -> None:
        if child is None:
            early.append(number)
        elif number != signal.SIGINT or not _terminal_signals_command():
            child.send_signal(number)

    with _signals_to(forward):
        try:
            child = subprocess.Popen(list(command), env=_environ_of_child(sandbox, environ))  # noqa: S603
        except OSError as error:
            hint = "write the command after --, as in 'mhsync sandbox run -- mhsync plan FILE'"
            raise CommandNotRun(f"cannot run {command[0]}: {error.strerror}", hint=hint) from None
        for number in early:
            forward(number)
        code = child.wait()
    return code if code >= 0 else SIGNAL_BASE - code


def _environ_of_child(sandbox: Sandbox, environ: Mapping[str, str]) -> dict[str, str]:
    # Last on the path: `mhsync` is found without an activated environment, and no other program is hidden.
    scripts = sysconfig.get_path("scripts")
    path = os.pathsep.join(part for part in (environ.get("PATH", os.defpath), scripts) if part)
    return {**environ, **environment(sandbox), "PATH": path}


def _terminal_signals_command() -> bool:
    """Whether Ctrl-C in the terminal also reaches the command; then it must not be passed on a second time."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


@contextmanager
def _signals_to(handler: Callable[[int], object]) -> Iterator[None]:
    def handle(number: int, _frame: FrameType | None) -> None:
        handler(number)

    former = {number: signal.signal(number, handle) for number in _ENDING}
    try:
        yield
    finally:
        for number, before in former.items():
            signal.signal(number, before)
