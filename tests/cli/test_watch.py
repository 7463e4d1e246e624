"""`mhsync watch` as a real process: edits of the manifest, signals, and its output."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Self

import pytest

from mhsync.cli.watch import parse_interval
from mhsync.sandbox import faults as f
from mhsync.sandbox.rules import Faults, Rule
from tests.cli.cli_runner import TIMEOUT, CliRunner
from tests.cli.schemas import assert_valid
from tests.cli.test_inbox import SECRET, deliver

ONE = "projects: [{id: done}]"


class Watch:
    """A running `mhsync watch --format ndjson`, and the lines that it has printed."""

    def __init__(self, cli_runner: CliRunner, *args: str, **environ: str) -> None:
        self.lines: list[dict] = []
        self.process: subprocess.Popen[str] = cli_runner.start(
            "watch", *args, "--format", "ndjson", environ=environ
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(json.loads(line))

    def wait_for(self, is_met: Callable[[], object]) -> None:
        until = time.monotonic() + TIMEOUT
        while not is_met():
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < until, self.lines
            time.sleep(0.02)

    def of(self, kind: str) -> list[dict]:
        return [line for line in self.lines if line.get("type") == kind]

    @property
    def ended(self) -> list[tuple[str, str]]:
        return [(line["trigger"], line["result"]) for line in self.of("run_ended")]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send the signal; the exit code, and stderr."""
        self.process.send_signal(number)
        code = self.process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        return code, self.process.stderr.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(TIMEOUT)
        self.process.stdout.close()
        self.process.stderr.close()


def test_edits_are_applied_an_invalid_one_is_reported_and_sigterm_ends_it(cli_runner):
    file = cli_runner.write(ONE)
    with Watch(cli_runner, file, "--metrics", "0") as watch:
        watch.wait_for(lambda: len(watch.ended) == 1)
        assert (cli_runner.folder / "outputs/done/output.wav").exists()
        cli_runner.write("projects: [{id: done}, {id: takes")
        watch.wait_for(lambda: len(watch.ended) == 2)
        cli_runner.write("projects: [{id: done}, {id: takes}]")
        watch.wait_for(lambda: len(watch.ended) == 3)
        assert (cli_runner.folder / "outputs/takes/output.wav").exists()
        (listening,) = watch.of("listening")
        assert listening["host"] == "127.0.0.1"
        with urllib.request.urlopen(f"http://127.0.0.1:{listening['port']}/readyz", timeout=30) as response:
            assert response.status == 200
        code, err = watch.stop()
    assert watch.ended == [("start", "succeeded"), ("manifest", "invalid_manifest"), ("manifest", "succeeded")]
    assert code == 0
    for line in watch.lines:
        assert_valid(line, "events")
    assert watch.lines[0]["format"] == "mhsync.events/1"
    assert watch.of("stopped") == [watch.lines[-1]]
    assert watch.lines[-1]["interrupted"] is False
    assert [line["outcome"] for line in watch.of("result")] == ["downloaded", "downloaded"]
    (error,) = watch.of("run_ended")[1]["errors"]
    assert error["file"] == file
    assert f"error: {file}:" in err
    assert "Traceback" not in err
    assert all("time" in line for line in watch.lines if line.get("type") in ("run_started", "run_ended"))


def test_sigterm_during_a_download_interrupts_it_as_that_of_an_apply(cli_runner):
    file = cli_runner.write(ONE)
    cli_runner.sandbox.faults = Faults(Rule(f.Throttle(bytes=500), host="files"))
    with Watch(cli_runner, file) as watch:
        watch.wait_for(lambda: cli_runner.sandbox.requests.of(host="files"))
        code, err = watch.stop()
    assert code == 130
    assert watch.ended == [("start", "interrupted")]
    assert watch.lines[-1]["interrupted"] is True
    assert "Traceback" not in err
    cli_runner.sandbox.faults = Faults()
    assert cli_runner.run("apply", file).code == 0


def test_a_render_is_stored_within_seconds_after_its_webhook(cli_runner):
    """The vendor's promise of 10 s for an answer does not matter here: the run begins after the answer."""
    file = cli_runner.write("projects: [{id: rendering}]")
    stored = cli_runner.folder / "outputs/rendering/output.wav"
    with Watch(cli_runner, file, "--listen", "0", MHSYNC_WEBHOOK_SECRET=SECRET) as watch:
        watch.wait_for(lambda: watch.ended)
        (listening,) = watch.of("listening")
        url = f"http://127.0.0.1:{listening['port']}/webhook"
        assert deliver(url, "rendering", "audio.completed", secret="another") == 401
        cli_runner.sandbox.account.set_status("rendering", "complete")
        assert deliver(url, "rendering", "audio.completed") == 200
        answered = time.monotonic()
        watch.wait_for(stored.exists)
        took = time.monotonic() - answered
        watch.wait_for(lambda: len(watch.ended) == 2)
        code, err = watch.stop()
    assert watch.ended == [("start", "succeeded"), ("webhook", "succeeded")]
    assert (cli_runner.folder / "outputs/.mhsync/inbox/rendering.json").exists()
    assert took < 30, "5 s on an idle machine"
    assert code == 0
    assert SECRET not in err + json.dumps(watch.lines)
    assert "Traceback" not in err


def test_without_a_secret_the_inbox_does_not_start(cli_runner):
    done = cli_runner.run("watch", cli_runner.write(ONE), "--listen", "0")
    assert done.code == 2
    assert "MHSYNC_WEBHOOK_SECRET is not set" in done.err


def test_the_second_signal_ends_it_at_once(cli_runner):
    file = cli_runner.write(ONE)
    cli_runner.sandbox.faults = Faults(Rule(f.Stall(), host="files"))
    with Watch(cli_runner, file) as watch:
        watch.wait_for(lambda: cli_runner.sandbox.requests.of(host="files"))
        watch.process.send_signal(signal.SIGINT)
        code, err = watch.stop(signal.SIGINT)
    assert code == 130
    assert "Traceback" not in err


def test_the_text_has_a_line_for_each_run(cli_runner):
    file = cli_runner.write("projects: [{id: done}, {id: error}]")
    process = cli_runner.start("watch", file)
    first = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    assert "Z start: succeeded: 1 downloaded, 1 blocked" in first
    assert "next run in" in first
    assert out.endswith("stopped\n")
    assert "no_speech_found" in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["-"], "standard input"),
        (["m.yaml", "--format", "json"], "--format ndjson"),
        (["m.yaml", "--every", "0.5s"], "too short"),
        (["m.yaml", "--every", "often"], "is not a duration"),
        (["m.yaml", "--metrics", "here"], "is not an address"),
    ],
)
def test_what_a_watch_cannot_do_is_a_usage_error(cli_runner, args, message):
    cli_runner.write(ONE)
    done = cli_runner.run("watch", *args)
    assert done.code == 2
    assert message in done.err + done.out


def test_an_interval_is_a_second_at_least():
    assert parse_interval("15m") == 900
    with pytest.raises(ValueError, match="too short"):
        parse_interval("0")
