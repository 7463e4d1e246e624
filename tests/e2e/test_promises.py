"""Promises about whole processes: two runs at once, disks that refuse, secrets, large outputs on bad links."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.faults import Cut, Expired, Lost, Status
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox
from tests.cli.cli_runner import CliRunner, complete

MB = 1_000_000


@pytest.fixture
def cli_runner(tmp_path: Path) -> Iterator[CliRunner]:
    folder = tmp_path / "desk"
    folder.mkdir()
    with Sandbox(Account([complete(f"p{n}") for n in range(6)])) as sandbox:
        yield CliRunner(folder, sandbox)


def six(cli_runner: CliRunner, state: str = "downloaded", **more: str) -> str:
    return cli_runner.manifest(*(f"p{n}: {state}" for n in range(6)), **more)


def wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until, f"{path} did not come"
        time.sleep(0.01)


class TestTwoRunsAtOnce:
    def test_the_second_waits_says_who_holds_the_lock_and_both_end_well(self, cli_runner):
        file = six(cli_runner)
        cli_runner.sandbox.faults = Faults(Rule(Status(503, retry_after=1), host="files"))
        with cli_runner.start("apply", file) as first:
            wait_for(cli_runner.folder / "outputs/.mhsync/lock")
            with cli_runner.start("apply", file) as second:
                told = second.stderr.readline()
                cli_runner.sandbox.faults = Faults()
                out, err = second.communicate(timeout=60)
            first.communicate(timeout=60)
        assert (first.returncode, second.returncode) == (0, 0), err
        assert f"process {first.pid}" in told
        assert "Nothing to do" in out
        assert len(cli_runner.sandbox.requests.of(host="files", status=200)) == 6, "nothing was downloaded twice"

    def test_the_second_gives_up_after_its_timeout_and_exits_3(self, cli_runner):
        file = six(cli_runner)
        cli_runner.sandbox.faults = Faults(Rule(Status(503, retry_after=20), host="files"))
        with cli_runner.start("apply", file) as first:
            wait_for(cli_runner.folder / "outputs/.mhsync/lock")
            second = cli_runner.process("apply", file, "--lock-timeout", "0.2s", "--format", "json")
            first.kill()
            first.communicate()
        assert second.code == 3
        (error,) = second.document["errors"]
        assert (error["code"], str(first.pid) in error["message"]) == ("lock_timeout", True), error

    def test_a_signal_ends_the_wait_for_the_lock(self, cli_runner):
        file = six(cli_runner)
        cli_runner.sandbox.faults = Faults(Rule(Status(503, retry_after=20), host="files"))
        with cli_runner.start("apply", file) as first:
            wait_for(cli_runner.folder / "outputs/.mhsync/lock")
            with cli_runner.start("apply", file) as second:
                assert "process" in second.stderr.readline()
                second.send_signal(signal.SIGTERM)
                second.communicate(timeout=20)
            first.kill()
            first.communicate()
        assert second.returncode == 130

    def test_a_holder_that_was_killed_is_not_in_the_way(self, cli_runner):
        file = six(cli_runner)
        cli_runner.sandbox.faults = Faults(Rule(Status(503, retry_after=20), host="files"))
        with cli_runner.start("apply", file) as first:
            wait_for(cli_runner.folder / "outputs/.mhsync/lock")
            os.kill(first.pid, signal.SIGKILL)
            first.communicate()
        cli_runner.sandbox.faults = Faults()
        began = time.monotonic()
        assert cli_runner.process("apply", file, "--lock-timeout", "30s").code == 0
        assert time.monotonic() - began < 15


class TestDisk:
    def test_a_full_disk_fails_only_that_project_and_leaves_no_partial_file(self, cli_runner):
        """A limit on a file's size stands for the full disk: the system refuses the write in the same place."""
        cli_runner.sandbox.account.put(SandboxProject("big", outputs=outputs_of("big", size=3 * MB)))
        file = cli_runner.manifest("big: archived", "p0: archived", policy="deletes: allow, durable_storage: true")

        def limit() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (MB, MB))

        done = cli_runner.process("apply", file, "--format", "json", preexec_fn=limit)
        assert done.code == 1
        results = {result["id"]: result for result in done.document["results"]}
        assert (results["big"]["outcome"], results["p0"]["outcome"]) == ("failed", "archived")
        assert "big/output.wav" in results["big"]["error"]["message"]
        assert "Traceback" not in done.err
        visible = list((cli_runner.folder / "outputs").rglob("*.wav"))
        assert [p.parent.name for p in visible] == ["p0"]
        assert not list((cli_runner.folder / "outputs/.mhsync/tmp").iterdir())
        assert [e.id for e in cli_runner.sandbox.requests.of(host="api", method="DELETE")] == ["p0"]
        assert cli_runner.process("apply", file).code == 0

    @pytest.mark.parametrize("storage", ["/sys/mhsync-outputs", "/dev/null/outputs"], ids=["read-only", "a-file"])
    def test_a_folder_that_cannot_be_written_is_one_clear_line(self, cli_runner, storage):
        file = cli_runner.write(f"storage: {storage}\nprojects:\n  - id: p0\n")
        done = cli_runner.process("apply", file)
        assert done.code == 1
        assert storage in done.err
        assert "Traceback" not in done.err
        assert cli_runner.sandbox.requests.of(host="files") == ()

    def test_a_path_too_long_or_occupied_fails_only_its_project(self, cli_runner):
        (cli_runner.folder / "outputs").mkdir()
        (cli_runner.folder / "outputs/p1").write_text("a file where a folder must be")
        cli_runner.sandbox.account.put(complete("p2", name="x" * 119))
        file = cli_runner.write(
            'projects:\n  - id: p0\n  - id: p1\n  - {id: p2, path: "{name}{name}{name}{ext}"}\n'
        )
        done = cli_runner.process("apply", file, "--format", "json")
        outcomes = {result["id"]: result["outcome"] for result in done.document["results"]}
        assert (done.code, outcomes) == (1, {"p0": "downloaded", "p1": "blocked", "p2": "blocked"})
        assert (cli_runner.folder / "outputs/p1").read_text() == "a file where a folder must be"


class TestSecrets:
    @pytest.mark.parametrize(
        "fault",
        [None, Expired(), Status(500), Cut(10), Lost()],
        ids=lambda fault: type(fault).__name__,
    )
    def test_neither_the_key_nor_a_signed_query_is_printed_or_stored(self, cli_runner, fault):
        file = six(cli_runner, "archived", policy="deletes: allow, durable_storage: true")
        if fault is not None:
            host = "api" if isinstance(fault, Lost) else "files"
            cli_runner.sandbox.faults = Faults(Rule(fault, host=host, times=8))
        texts = []
        for args in (["plan"], ["apply", "--rate", "500"], ["apply", "--format", "json"], ["verify"]):
            rate = ["--log-format", "json"] if args[0] == "plan" else []
            done = cli_runner.process(*args, file, "-vv", *rate)
            texts += [done.out, done.err]
        texts += [p.read_text() for p in (cli_runner.folder / "outputs").rglob("*.json")]
        everything = "\n".join(texts)
        assert cli_runner.sandbox.key not in everything
        assert "signature=" not in everything
        assert "expires=" not in everything
        assert "p0" in everything
        assert not [
            entry for entry in cli_runner.sandbox.requests.all() if entry.host == "files" and entry.has_key
        ]

    def test_the_queries_that_are_looked_for_are_those_of_the_sandbox(self, cli_runner):
        shown = cli_runner.run("get", "p0", "--show-urls", "--format", "json")
        (download,) = json.loads(shown.out)["downloads"]
        assert "signature=" in download["url"]
        assert "expires=" in download["url"]


def test_a_large_output_on_a_link_that_breaks_arrives_whole_in_little_memory(cli_runner):
    """200 MB in the long mode, 20 MB else; broken every tenth of the way, and resumed each time."""
    size = (200 if os.environ.get("MHSYNC_LONG") else 20) * MB
    cli_runner.sandbox.account.put(SandboxProject("big", outputs=outputs_of("big", size=size)))
    cli_runner.sandbox.faults = Faults(Rule(Cut(size // 10), host="files"))
    file = cli_runner.manifest("big: archived", policy="deletes: allow, durable_storage: true")
    code = "import os, sys, pathlib, mhsync.__main__ as m\ncode = m.main()\n"
    code += "pathlib.Path(os.environ['PEAK']).write_text(pathlib.Path('/proc/self/status').read_text())\nsys.exit(code)"
    # The peak of only this process: what `getrusage` gives has the peak of the process that forked it in it.
    environ = cli_runner.environ | {"PEAK": str(cli_runner.folder / "peak")}
    done = subprocess.run(
        [sys.executable, "-c", code, "apply", file],
        cwd=cli_runner.folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (cli_runner.folder / "outputs/big/output.wav").stat().st_size == size
    ranges = [entry.range for entry in cli_runner.sandbox.requests.of(host="files")]
    assert ranges[:2] == [None, f"bytes={size // 10}-"]
    assert len(ranges) >= 10
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", (cli_runner.folder / "peak").read_text())
    assert int(peak) < 100 * 1024, f"{peak} KiB"


def test_the_order_of_a_delete_is_proved_copy_receipt_fresh_get_note_delete_note(cli_runner, tmp_path):
    """Seen from outside: when each DELETE arrives, the copy is whole and the receipt says `deleting`."""
    seen: list[tuple[str, object]] = []
    file = six(cli_runner, "archived", policy="deletes: allow, durable_storage: true")
    delete = cli_runner.sandbox.account.delete

    def watched(id_: str) -> bool:
        receipt = json.loads((cli_runner.folder / f"outputs/.mhsync/receipts/{id_}.json").read_text())
        sizes = [
            (cli_runner.folder / "outputs" / o["path"]).stat().st_size == o["size"] for o in receipt["outputs"]
        ]
        seen.append((receipt["deletion"], sizes))
        return delete(id_)

    cli_runner.sandbox.account.delete = watched  # type: ignore[method-assign]
    assert cli_runner.process("apply", file).code == 0
    assert seen == [("deleting", [True])] * 6
