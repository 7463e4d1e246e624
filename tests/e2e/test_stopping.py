"""The first Ctrl-C ends a command within two seconds, whatever a server does meanwhile."""

from __future__ import annotations

import signal
import time

import pytest

from mhsync.sandbox import faults as f
from mhsync.sandbox.account import Account
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox
from tests.cli.cli_runner import TIMEOUT, CliRunner, complete
from tests.timing import least_seconds

API = [f.Stall(), f.Stall(bytes=5), f.Delay(60)]
FILES = [f.Stall(), f.Stall(bytes=100), f.Throttle(bytes=1), f.Delay(60)]
COMMANDS = [
    ("plan", "m.yaml"),
    ("apply", "m.yaml"),
    ("get", "one"),
    ("check", "one", "--download"),
    ("delete", "one", "--yes"),
]
CASES = [(fault, "api", command) for fault in API for command in COMMANDS] + [
    (fault, "files", command) for fault in FILES for command in COMMANDS if command[0] in ("apply", "check")
]


@pytest.mark.parametrize(
    ("fault", "host", "command"), CASES, ids=[f"{c[0]}-{h}-{i}" for i, (_, h, c) in enumerate(CASES)]
)
def test_the_first_signal_ends_a_command_within_two_seconds(tmp_path, fault, host, command):
    folder = tmp_path / "desk"
    folder.mkdir()
    with Sandbox(Account([complete("one")])) as sandbox:
        sandbox.faults = Faults(Rule(fault, host=host))
        cli_runner = CliRunner(folder, sandbox)
        cli_runner.manifest("one")
        assert least_seconds(lambda: interrupted(cli_runner, host, command), below=2) < 2


def interrupted(cli_runner: CliRunner, host: str, command: tuple[str, ...]) -> float:
    """Seconds from a signal to the end of a command that waits for a response of the host."""
    cli_runner.sandbox.requests.clear()
    with cli_runner.start(*command) as process:
        until = time.monotonic() + TIMEOUT
        while not cli_runner.sandbox.requests.of(host=host):
            assert time.monotonic() < until, "nothing was asked"
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        asked = time.monotonic()
        _, err = process.communicate(timeout=TIMEOUT)
        took = time.monotonic() - asked
    assert process.returncode == 130, err
    assert "Traceback" not in err
    return took
