"""Running a sandbox for people: until a signal, or for as long as a command runs."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import ClassVar

from mhsync.errors import UsageError
from mhsync.sandbox.defaults import default_account
from mhsync.sandbox.faultfile import load_faults
from mhsync.sandbox.seed import load_seed
from mhsync.sandbox.server import SANDBOX_KEY, Sandbox

_ENDING = (signal.SIGINT, signal.SIGTERM)
_BY_SIGNAL = 128


class CommandNotRun(UsageError):
    """The command of `sandbox run` could not be started; 127 is what a shell says of it."""

    exit_code: ClassVar[int] = 127
    code: ClassVar[str] = "command_not_run"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose for a sandbox; None is no choice."""

    port: int | None = None
    seed: Path | None = None
    faults: Path | None = None
    key: str | None = None
    latency: float | None = None

    def over(self, others: Choices) -> Choices:
        """These choices, and the others where these have none."""
        chosen = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(others, **chosen)

    @contextmanager
    def running(self) -> Iterator[Sandbox]:
        """A sandbox that runs within the block.

        Raises:
            UsageError: a file cannot be read, or the port is taken; ManifestError: a file is wrong.
        """
        sandbox = Sandbox(
            default_account() if self.seed is None else load_seed(self.seed),
            key=self.key or SANDBOX_KEY,
            port=self.port or 0,
            faults=None if self.faults is None else load_faults(self.faults),
            latency=self.latency or 0.0,
        )
        try:
            sandbox.start()
        except OSError as error:
            hint = "choose another --port, or leave it out for a free one"
            what = os.strerror(error.errno or 0)
            raise UsageError(f"cannot listen on port {self.port}: {what}", hint=hint) from None
        try:
            yield sandbox
        finally:
            sandbox.stop()


def announcement(sandbox: Sandbox) -> str:
    """The line for machines: one JSON object."""
    return json.dumps(
        {"api": sandbox.api_url, "files": sandbox.files_url, "key": sandbox.key, "ids": list(sandbox.ids)}
    )


def help_lines(sandbox: Sandbox) -> Iterator[str]:
    """The lines for people."""
    yield "The sandbox runs until Ctrl-C. In another terminal:"
    for name, value in environment(sandbox).items():
        yield f"  export {name}={shlex.quote(value)}"
    for id in sandbox.ids[:1]:
        yield f"  mhsync get {id}"


def environment(sandbox: Sandbox) -> dict[str, str]:
    """What a command needs in its environment to talk to the sandbox."""
    return {"MHSYNC_API_URL": sandbox.api_url, "MAGIC_HOUR_API_KEY": sandbox.key}


@contextmanager
def until_signal() -> Iterator[threading.Event]:
    """Gives an event that Ctrl-C and SIGTERM set, instead of ending the process.

    It begins before anything is announced, so that no signal comes too early.
    """
    ended = threading.Event()
    with _signals_to(lambda _number: ended.set()):
        yield ended


def run_command(sandbox: Sandbox, command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command against the sandbox; its exit code, or 128 and the number of the signal that ended it.

    Ctrl-C and SIGTERM reach the command, and this waits for what it makes of them.

    Raises:
        CommandNotRun: it could not be started.
    """
    child: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def forward(number: int) -> None:
        if child is None:
            early.append(number)
        elif number != signal.SIGINT or not _terminal_tells_group():
            child.send_signal(number)

    with _signals_to(forward):
        try:
            child = subprocess.Popen(list(command), env=_environ_of_child(sandbox, environ))  # noqa: S603
        except OSError as error:
            hint = "write the command behind --, as in 'mhsync sandbox run -- mhsync plan FILE'"
            raise CommandNotRun(f"cannot run {command[0]}: {error.strerror}", hint=hint) from None
        for number in early:
            forward(number)
        code = child.wait()
    return code if code >= 0 else _BY_SIGNAL - code


def _environ_of_child(sandbox: Sandbox, environ: Mapping[str, str]) -> dict[str, str]:
    # Last on the path, so that `mhsync` is found where its environment is not activated, and nothing is hidden.
    scripts = sysconfig.get_path("scripts")
    path = os.pathsep.join(part for part in (environ.get("PATH", os.defpath), scripts) if part)
    return {**environ, **environment(sandbox), "PATH": path}


def _terminal_tells_group() -> bool:
    """Whether a Ctrl-C comes from the terminal, which tells the command itself: twice would be one too many."""
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
def _signals_to(told: Callable[[int], object]) -> Iterator[None]:
    def handle(number: int, _frame: FrameType | None) -> None:
        told(number)

    former = {number: signal.signal(number, handle) for number in _ENDING}
    try:
        yield
    finally:
        for number, before in former.items():
            signal.signal(number, before)
