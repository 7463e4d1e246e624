"""`mhsync sandbox` and `mhsync sandbox run`, run as processes: output and exit codes."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from mhsync.sandbox import serve
from mhsync.sandbox.serve import SandboxOptions
from mhsync.sandbox.server import Sandbox

from .conftest import TIMEOUT, Asker

SANDBOX = [sys.executable, "-m", "mhsync", "sandbox", "--port", "0"]
ASK = """
    import os, sys, urllib.request
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = os.environ["MHSYNC_API_URL"] + "/v1/audio-projects/" + sys.argv[1]
    headers = {"Authorization": "Bearer " + os.environ["MAGIC_HOUR_API_KEY"]}
    print(opener.open(urllib.request.Request(url, headers=headers), timeout=20).status)
"""


def run(*args: str, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SANDBOX, *args],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env={**os.environ, **environ},
        check=False,
    )


def python(code: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(code)]


@contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def session(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A process in a new session; it and its children are killed when the block ends."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_urls_serves_until_a_signal_and_exits_with_0(number: signal.Signals) -> None:
    with started(*SANDBOX, "--key", "my-key") as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        assert list(announced) == ["api", "files", "key", "ids"]
        assert (announced["key"], announced["ids"][0]) == ("my-key", "sbx-complete")
        asked = subprocess.run(
            [*python(ASK), "sbx-complete"],
            env={**os.environ, "MHSYNC_API_URL": announced["api"], "MAGIC_HOUR_API_KEY": "my-key"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=True,
        )
        assert asked.stdout == "200\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (0, "")
    assert f"export MHSYNC_API_URL={announced['api']}\n" in err
    assert "export MAGIC_HOUR_API_KEY=my-key\n" in err
    assert "Traceback" not in err


def test_the_command_gets_url_and_key_and_its_exit_code_is_returned() -> None:
    done = run("run", "--", *python(ASK), "sbx-several")
    assert (done.returncode, done.stdout, done.stderr) == (0, "200\n", "")
    assert run("run", "--", *python("raise SystemExit(7)")).returncode == 7


def test_options_after_the_command_belong_to_the_command() -> None:
    show = python("import sys; print(sys.argv[1:])")
    for words in (["run", "--", *show], ["run", *show]):
        assert run(*words, "--port", "x", "--help", "--", "-q").stdout == "['--port', 'x', '--help', '--', '-q']\n"


def test_seed_faults_and_key_reach_the_sandbox(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text("projects: [{id: mine}]")
    (tmp_path / "faults.yaml").write_text("faults: [{fault: status, status: 503, nth: 2}]")
    code = f"{textwrap.dedent(ASK)}\nopener.open(urllib.request.Request(url, headers=headers), timeout=20)"
    options = ("--seed", "seed.yaml", "--faults", "faults.yaml", "--key", "other")
    for words in ((*options, "run"), ("run", *options), (*options[:2], "run", *options[2:])):
        done = run(*words, "--", *python(code), "mine", cwd=tmp_path)
        assert done.stdout == "200\n"
        assert "HTTP Error 503" in done.stderr


def test_a_missing_command_file_is_one_error_line_and_exit_127() -> None:
    done = run("run", "--", "no-such-command", "x")
    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr.splitlines()[0] == "error: cannot run no-such-command: No such file or directory"
    assert len(done.stderr.splitlines()) == 2


def test_a_command_ended_by_a_signal_gives_128_plus_its_number() -> None:
    assert run("run", "--", *python("import os; os.kill(os.getpid(), 9)")).returncode == 137


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on_to_the_command(number: signal.Signals) -> None:
    code = """
        import signal, sys
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: sys.exit(10 + number))
        print("ready", flush=True)
        signal.pause()
    """
    # A new session has no terminal that could signal the command directly.
    with session(*SANDBOX, "run", "--", *python(code)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.wait(TIMEOUT) == 10 + number


def test_a_ctrl_c_of_the_terminal_reaches_the_command_once() -> None:
    code = """
        import signal, time
        count = []
        signal.signal(signal.SIGINT, lambda *_: count.append(1))
        print("ready", flush=True)
        while not count:
            time.sleep(0.01)
        time.sleep(0.7)
        print(f"{len(count)} signals", flush=True)
    """
    terminal, far_end = pty.openpty()
    # The first terminal that a new session opens controls it; Ctrl-C there is one byte.
    opening = ["sh", "-c", 'exec < "$0" "$@"', os.ttyname(far_end)]
    try:
        with session(*opening, *SANDBOX, "run", "--", *python(code)) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            os.write(terminal, b"\x03")
            assert process.stdout.readline() == "1 signals\n"
            assert process.wait(TIMEOUT) == 0
    finally:
        os.close(terminal)
        os.close(far_end)


def test_mhsync_is_found_without_an_activated_environment() -> None:
    done = run("run", "--", "mhsync", "get", "sbx-complete", "--format", "json", PATH="/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"] == "sbx-complete"


@pytest.mark.parametrize("words", [["--seed", "bad.yaml"], ["run", "--faults", "bad.yaml", "--", "true"]])
def test_an_invalid_file_is_reported_with_its_position_and_starts_nothing(
    tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "bad.yaml").write_text("project:\n  - {id: a}\n")
    done = run(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: bad.yaml:1:1: unknown key 'project'")


def test_no_command_is_wrong_usage() -> None:
    done = run("run")
    assert done.returncode == 2
    assert "COMMAND" in done.stderr


def test_a_port_may_be_chosen_and_a_port_in_use_is_an_error() -> None:
    with SandboxOptions(port=0).running() as first:
        port = first.api_url.rpartition(":")[2]
        done = run("--port", port)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"error: cannot listen on port {port}: Address already in use\n")
    with SandboxOptions(port=int(port)).running() as second:
        assert second.api_url == first.api_url
        assert Asker(second).api("sbx-complete").status == 200


@pytest.fixture
def usual_ports(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Two free ports in a row, as the default ports: other runs may use the real ones at this moment."""
    for _ in range(100):
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
            with suppress(OSError, OverflowError), socket.create_server(("127.0.0.1", port + 1)):
                monkeypatch.setattr(serve, "DEFAULT_PORT", port)
                return port, port + 1
    raise AssertionError("no two free ports in a row")


def urls(sandbox: Sandbox) -> list[str]:
    return [sandbox.api_url, sandbox.files_url]


def test_every_run_has_the_same_urls(usual_ports: tuple[int, int]) -> None:
    notices: list[str] = []
    for _ in range(2):
        with SandboxOptions().running(notices.append) as sandbox:
            assert urls(sandbox) == [f"http://127.0.0.1:{port}" for port in usual_ports]
            assert Asker(sandbox).api("sbx-complete").status == 200
    assert notices == []


@pytest.mark.parametrize("index", [0, 1], ids=["api", "files"])
def test_a_default_port_in_use_is_replaced_by_a_free_one_with_a_note(
    usual_ports: tuple[int, int], index: int
) -> None:
    notices: list[str] = []
    with (
        socket.create_server(("127.0.0.1", usual_ports[index])),
        SandboxOptions().running(notices.append) as sandbox,
    ):
        assert urls(sandbox)[index] != f"http://127.0.0.1:{usual_ports[index]}"
        assert Asker(sandbox).api("sbx-complete").status == 200
    assert len(notices) == 1
    assert all(text in notices[0] for text in (*urls(sandbox), *map(str, usual_ports)))


def test_receipts_of_one_run_match_in_the_next(tmp_path: Path, usual_ports: tuple[int, int]) -> None:
    (tmp_path / "m.yaml").write_text("{version: 1, projects: [{id: sbx-complete}, {id: sbx-several}]}")
    options = ("--port", str(usual_ports[0]), "run", "--", "mhsync")
    first = run(*options, "apply", "m.yaml", "--yes", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    again = run(*options, "plan", "m.yaml", "--detailed-exitcode", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, ""), again.stdout


def test_a_storage_that_drifted_is_fixed_by_the_next_run(tmp_path: Path, usual_ports: tuple[int, int]) -> None:
    (tmp_path / "m.yaml").write_text("{version: 1, projects: [{id: sbx-complete}]}")
    apply = ("--port", str(usual_ports[0]), "run", "--", "mhsync", "apply", "m.yaml", "--yes")
    assert run(*apply, cwd=tmp_path).returncode == 0
    output = tmp_path / "outputs" / "sbx-complete" / "output.wav"
    output.unlink()
    done = run(*apply, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert output.is_file()
