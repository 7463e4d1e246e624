"""`mhsync inbox serve` as a process: an independent sender, rotation, a kill in the middle of a burst."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

SECRET = "whsec_of_the_test"
TIMEOUT = 60.0


def deliver(url: str, id: str, kind: str = "audio.started", secret: str = SECRET) -> int:
    """The status of one delivery; 0 if the connection ended without an answer."""
    body = json.dumps({"type": kind, "payload": {"id": id, "status": "rendering"}}).encode()
    timestamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"magic-hour-event-signature": digest, "magic-hour-event-timestamp": timestamp}
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request("POST", parts.path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


@contextmanager
def serving(cli_runner, *args: str, **environ: str) -> Iterator[tuple[str, object]]:
    """The URL of a running inbox, and its process."""
    environ = {"MHSYNC_WEBHOOK_SECRET": SECRET, **environ}
    process = cli_runner.start("inbox", "serve", *args, "--listen", "127.0.0.1:0", environ=environ)
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield json.loads(line)["url"], process
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT)


def sighted(cli_runner, storage: str = "outputs") -> set[str]:
    return {path.stem for path in (cli_runner.folder / storage / ".mhsync/inbox").glob("*.json")}


def test_deliveries_are_recorded_until_a_signal(cli_runner):
    file = cli_runner.manifest()
    with serving(cli_runner, file, "-v", MHSYNC_WEBHOOK_SECRET_PREVIOUS="former") as (url, process):
        assert url.endswith("/webhook")
        assert deliver(url, "clx1") == 200
        assert deliver(url, "clx2", secret="former") == 200
        assert deliver(url, "clx3", secret="forged") == 401
        assert sighted(cli_runner) == {"clx1", "clx2"}
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, err
    assert out == ""
    assert SECRET not in err
    assert "Traceback" not in err


def test_a_kill_loses_nothing_that_was_answered(cli_runner):
    file = cli_runner.manifest()
    answered: set[str] = set()
    with serving(cli_runner, file) as (url, process):
        enough = threading.Event()

        def send(number: int) -> None:
            for turn in range(100_000):
                id = f"kill-{number}-{turn}"
                if deliver(url, id) != 200:
                    return
                answered.add(id)
                if len(answered) >= 100:
                    enough.set()

        with ThreadPoolExecutor(8) as pool:
            sending = [pool.submit(send, number) for number in range(8)]
            assert enough.wait(TIMEOUT)
            process.send_signal(signal.SIGKILL)
            for one in sending:
                one.result(TIMEOUT)
    assert len(answered) >= 100
    assert answered <= sighted(cli_runner)
    for path in (cli_runner.folder / "outputs/.mhsync/inbox").iterdir():
        assert json.loads(path.read_text())["id"] == path.stem


def test_two_processes_record_in_one_storage(cli_runner):
    file = cli_runner.manifest()
    with serving(cli_runner, file) as (one, _), serving(cli_runner, file) as (two, _):
        with ThreadPoolExecutor(8) as pool:
            statuses = list(
                pool.map(lambda n: deliver((one, two)[n % 2], f"both-{n // 2 % 10}", "audio.completed"), range(80))
            )
        assert statuses == [200] * 80
    assert sighted(cli_runner) == {f"both-{number}" for number in range(10)}


@pytest.mark.parametrize("options", [[], ["-v"], ["-vv"]], ids=["default", "-v", "-vv"])
def test_a_storage_that_fails_is_one_line_in_the_log(cli_runner, options):
    file = cli_runner.manifest()
    outputs = cli_runner.folder / "outputs"
    with serving(cli_runner, file, *options) as (url, process):
        assert deliver(url, "clx1") == 200
        shutil.rmtree(outputs)
        outputs.write_text("a file")
        assert deliver(url, "clx2") == 503
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=TIMEOUT)
    lines = [line for line in err.splitlines() if "the sighting of clx2 could not be recorded" in line]
    assert len(lines) == 1
    assert lines[0].startswith("warning: ")
    assert ("Traceback" in err) == (options == ["-vv"])


def test_without_a_secret_it_does_not_start(cli_runner):
    done = cli_runner.run("inbox", "serve", cli_runner.manifest())
    assert done.code == 2
    assert "MHSYNC_WEBHOOK_SECRET is not set" in done.err
    assert "hint:" in done.err
    assert done.out == ""
    assert not (cli_runner.folder / "outputs").exists()


@pytest.mark.parametrize("listen", ["127.0.0.1", ":8080", "127.0.0.1:x", "127.0.0.1:65536", "::1:80"])
def test_an_invalid_address_is_a_usage_error(cli_runner, listen):
    done = cli_runner.run("inbox", "serve", cli_runner.manifest(), "--listen", listen, MHSYNC_WEBHOOK_SECRET="a")
    assert done.code == 2
    assert "is not an address" in done.err


def test_an_untracked_file_is_not_what_a_sighting_is(cli_runner):
    file = cli_runner.manifest("done")
    with serving(cli_runner, file) as (url, _):
        assert deliver(url, "clx1") == 200
    assert cli_runner.run("apply", file).code == 0
    done = cli_runner.run("verify", file)
    assert done.code == 0, done.out
    assert "inbox" not in done.out
    assert sighted(cli_runner) == {"clx1"}
