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

from mhsync.sandbox.faults import Cut, Expired, Lost, Status
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox
from mhsync.sandbox.world import SandboxProject, World, outputs_of
from tests.cli.desk import Desk, complete

MB = 1_000_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "desk"
    folder.mkdir()
    with Sandbox(World([complete(f"p{n}") for n in range(6)])) as sandbox:
        yield Desk(folder, sandbox)


def six(desk: Desk, state: str = "downloaded", **more: str) -> str:
    return desk.manifest(*(f"p{n}: {state}" for n in range(6)), **more)


def wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until, f"{path} did not come"
        time.sleep(0.01)


class TestTwoRunsAtOnce:
    def test_the_second_waits_says_who_holds_the_lock_and_both_end_well(self, desk):
        file = six(desk)
        desk.sandbox.faults = Faults(Rule(Status(503, retry_after=1), host="files"))
        with desk.start("apply", file) as first:
            wait_for(desk.folder / "outputs/.mhsync/lock")
            with desk.start("apply", file) as second:
                told = second.stderr.readline()
                desk.sandbox.faults = Faults()
                out, err = second.communicate(timeout=60)
            first.communicate(timeout=60)
        assert (first.returncode, second.returncode) == (0, 0), err
        assert f"process {first.pid}" in told
        assert "Nothing to do" in out
        assert len(desk.sandbox.requests.of(host="files", status=200)) == 6, "nothing was downloaded twice"

    def test_the_second_gives_up_after_its_timeout_and_exits_3(self, desk):
        file = six(desk)
        desk.sandbox.faults = Faults(Rule(Status(503, retry_after=20), host="files"))
        with desk.start("apply", file) as first:
            wait_for(desk.folder / "outputs/.mhsync/lock")
            second = desk.process("apply", file, "--lock-timeout", "0.2s", "--format", "json")
            first.kill()
            first.communicate()
        assert second.code == 3
        (error,) = second.document["errors"]
        assert (error["code"], str(first.pid) in error["message"]) == ("lock_timeout", True), error

    def test_a_signal_ends_the_wait_for_the_lock(self, desk):
        file = six(desk)
        desk.sandbox.faults = Faults(Rule(Status(503, retry_after=20), host="files"))
        with desk.start("apply", file) as first:
            wait_for(desk.folder / "outputs/.mhsync/lock")
            with desk.start("apply", file) as second:
                assert "process" in second.stderr.readline()
                second.send_signal(signal.SIGTERM)
                second.communicate(timeout=20)
            first.kill()
            first.communicate()
        assert second.returncode == 130

    def test_a_holder_that_was_killed_is_not_in_the_way(self, desk):
        file = six(desk)
        desk.sandbox.faults = Faults(Rule(Status(503, retry_after=20), host="files"))
        with desk.start("apply", file) as first:
            wait_for(desk.folder / "outputs/.mhsync/lock")
            os.kill(first.pid, signal.SIGKILL)
            first.communicate()
        desk.sandbox.faults = Faults()
        began = time.monotonic()
        assert desk.process("apply", file, "--lock-timeout", "30s").code == 0
        assert time.monotonic() - began < 15


class TestDisk:
    def test_a_disk_that_takes_no_more_fails_that_project_alone_and_leaves_nothing_half_written(self, desk):
        """A limit on a file's size stands for the full disk: the system refuses the write in the same place."""
        desk.sandbox.world.put(SandboxProject("big", outputs=outputs_of("big", size=3 * MB)))
        file = desk.manifest("big: archived", "p0: archived", policy="deletes: allow, durable_storage: true")

        def limit() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (MB, MB))

        done = desk.process("apply", file, "--format", "json", preexec_fn=limit)
        assert done.code == 1
        results = {result["id"]: result for result in done.document["results"]}
        assert (results["big"]["outcome"], results["p0"]["outcome"]) == ("failed", "archived")
        assert "big/output.wav" in results["big"]["error"]["message"]
        assert "Traceback" not in done.err
        visible = list((desk.folder / "outputs").rglob("*.wav"))
        assert [p.parent.name for p in visible] == ["p0"]
        assert not list((desk.folder / "outputs/.mhsync/tmp").iterdir())
        assert [e.id for e in desk.sandbox.requests.of(host="api", method="DELETE")] == ["p0"]
        assert desk.process("apply", file).code == 0

    @pytest.mark.parametrize("storage", ["/sys/mhsync-outputs", "/dev/null/outputs"], ids=["read-only", "a-file"])
    def test_a_folder_that_cannot_be_written_is_one_clear_line(self, desk, storage):
        file = desk.write(f"storage: {storage}\nprojects:\n  - id: p0\n")
        done = desk.process("apply", file)
        assert done.code == 1
        assert storage in done.err
        assert "Traceback" not in done.err
        assert desk.sandbox.requests.of(host="files") == ()

    def test_a_path_too_long_or_a_file_in_the_way_fails_alone(self, desk):
        (desk.folder / "outputs").mkdir()
        (desk.folder / "outputs/p1").write_text("a file where a folder must be")
        desk.sandbox.world.put(complete("p2", name="x" * 119))
        file = desk.write('projects:\n  - id: p0\n  - id: p1\n  - {id: p2, path: "{name}{name}{name}{ext}"}\n')
        done = desk.process("apply", file, "--format", "json")
        outcomes = {result["id"]: result["outcome"] for result in done.document["results"]}
        assert (done.code, outcomes) == (1, {"p0": "downloaded", "p1": "blocked", "p2": "blocked"})
        assert (desk.folder / "outputs/p1").read_text() == "a file where a folder must be"


class TestSecrets:
    @pytest.mark.parametrize(
        "fault",
        [None, Expired(), Status(500), Cut(10), Lost()],
        ids=lambda fault: type(fault).__name__,
    )
    def test_neither_the_key_nor_a_signed_query_is_printed_or_stored(self, desk, fault):
        file = six(desk, "archived", policy="deletes: allow, durable_storage: true")
        if fault is not None:
            host = "api" if isinstance(fault, Lost) else "files"
            desk.sandbox.faults = Faults(Rule(fault, host=host, times=8))
        texts = []
        for args in (["plan"], ["apply", "--rate", "500"], ["apply", "--format", "json"], ["verify"]):
            rate = ["--log-format", "json"] if args[0] == "plan" else []
            done = desk.process(*args, file, "-vv", *rate)
            texts += [done.out, done.err]
        texts += [p.read_text() for p in (desk.folder / "outputs").rglob("*.json")]
        everything = "\n".join(texts)
        assert desk.sandbox.key not in everything
        assert "signature=" not in everything
        assert "expires=" not in everything
        assert "p0" in everything
        assert not [entry for entry in desk.sandbox.requests.all() if entry.host == "files" and entry.has_key]

    def test_the_queries_that_are_looked_for_are_those_of_the_sandbox(self, desk):
        shown = desk.run("get", "p0", "--show-urls", "--format", "json")
        (download,) = json.loads(shown.out)["downloads"]
        assert "signature=" in download["url"]
        assert "expires=" in download["url"]


def test_a_large_output_on_a_link_that_breaks_arrives_whole_in_little_memory(desk):
    """200 MB in the long mode, 20 MB else; broken every tenth of the way, and resumed each time."""
    size = (200 if os.environ.get("MHSYNC_LONG") else 20) * MB
    desk.sandbox.world.put(SandboxProject("big", outputs=outputs_of("big", size=size)))
    desk.sandbox.faults = Faults(Rule(Cut(size // 10), host="files"))
    file = desk.manifest("big: archived", policy="deletes: allow, durable_storage: true")
    code = "import os, sys, pathlib, mhsync.__main__ as m\ncode = m.main()\n"
    code += "pathlib.Path(os.environ['PEAK']).write_text(pathlib.Path('/proc/self/status').read_text())\nsys.exit(code)"
    # The peak of this process alone: what `getrusage` gives has the peak of the process that forked it in it.
    environ = desk.environ | {"PEAK": str(desk.folder / "peak")}
    done = subprocess.run(
        [sys.executable, "-c", code, "apply", file],
        cwd=desk.folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (desk.folder / "outputs/big/output.wav").stat().st_size == size
    ranges = [entry.range for entry in desk.sandbox.requests.of(host="files")]
    assert ranges[:2] == [None, f"bytes={size // 10}-"]
    assert len(ranges) >= 10
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", (desk.folder / "peak").read_text())
    assert int(peak) < 100 * 1024, f"{peak} KiB"


def test_the_order_of_a_delete_is_proved_copy_receipt_fresh_get_note_delete_note(desk, tmp_path):
    """Seen from outside: when each DELETE arrives, the copy is whole and the receipt says `deleting`."""
    seen: list[tuple[str, object]] = []
    file = six(desk, "archived", policy="deletes: allow, durable_storage: true")
    delete = desk.sandbox.world.delete

    def watched(id_: str) -> bool:
        receipt = json.loads((desk.folder / f"outputs/.mhsync/receipts/{id_}.json").read_text())
        sizes = [(desk.folder / "outputs" / o["path"]).stat().st_size == o["size"] for o in receipt["outputs"]]
        seen.append((receipt["deletion"], sizes))
        return delete(id_)

    desk.sandbox.world.delete = watched  # type: ignore[method-assign]
    assert desk.process("apply", file).code == 0
    assert seen == [("deleting", [True])] * 6
