"""Signals: the first one ends a command cleanly with exit 130; the handlers are restored."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from mhsync.cli.signals import interrupting, stopping
from mhsync.errors import Interrupted
from mhsync.sandbox.server import Sandbox
from tests.cli.cli_runner import TIMEOUT, account
from tests.cli.schemas import assert_valid

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_requests_a_stop_and_the_handlers_are_restored(number, capfd):
    before = [signal.getsignal(n) for n in SIGNALS]
    asked = []
    with stopping(lambda: asked.append(1)):
        os.kill(os.getpid(), number)
    assert asked == [1]
    assert "stopping" in capfd.readouterr().err
    assert [signal.getsignal(n) for n in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_interrupts_a_prompt_without_a_stop_request(number):
    asked = []
    with stopping(lambda: asked.append(1)):
        with pytest.raises(Interrupted), interrupting():
            os.kill(os.getpid(), number)
            time.sleep(TIMEOUT)
        assert asked == []


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", [["plan", "m.yaml"], ["apply", "m.yaml"], ["get", "done"], ["check", "done"]])
def test_before_there_is_a_result_130_comes_with_an_error_document(cli_runner, command, number):
    cli_runner.manifest("done")
    with (
        Sandbox(account(), latency=1.0) as slow,
        cli_runner.start(*command, "--format", "json", environ={"MHSYNC_API_URL": slow.api_url}) as process,
    ):
        until = time.monotonic() + TIMEOUT
        while not len(slow.requests):
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    assert "stopping" in err
    document = json.loads(out)
    assert_valid(document, "error")
    assert document["exit"] == 130
    assert "Traceback" not in err
