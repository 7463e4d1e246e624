"""mhsync from end to end with a remote storage: applied, killed, disconnected, applied again. Subclass `EndToEnd`."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tcp_proxy import TcpProxy

from mhsync import Storage
from mhsync.testing import Account, Output, Sandbox, SandboxProject, outputs_of

COUNT = 12
SIZE = 1_000_000
BYTES = COUNT * 3 // 4 * 2 * SIZE
"""Bytes that are stored at the end: two outputs of three projects in four."""


@dataclass(frozen=True)
class Site:
    """A running server, and the URL and the options that a manifest has for it.

    `url` returns the URL of the storage for a port: the server's own, or that of a proxy.
    """

    port: int
    url: Callable[[int], str]
    open: Callable[[str, dict[str, Any]], Storage]
    plugin: str
    options: dict[str, Any] = field(default_factory=dict)
    environment: Callable[[int], dict[str, str]] = lambda _: {}
    """Credentials in the environment of mhsync, for a port."""


def projects() -> list[SandboxProject]:
    return [
        SandboxProject(
            f"e2e-{number:02}", name=f"Tone {number}", outputs=outputs_of(f"e2e-{number:02}", 2, size=SIZE)
        )
        for number in range(COUNT)
    ]


class Desk:
    """A manifest, a sandbox and a storage. mhsync runs with them as a process of its own."""

    def __init__(self, folder: Path, site: Site, sandbox: Sandbox) -> None:
        self.folder = folder
        self.site = site
        self.sandbox = sandbox
        self.port = site.port
        self.states = {
            id: ("downloaded", "archived", "archived", "deleted")[number % 4]
            for number, id in enumerate(sorted(sandbox.ids))
        }

    def write(self) -> None:
        """Write the manifest as JSON, which is valid YAML."""
        manifest = {
            "version": 1,
            "storage": self.site.url(self.port),
            "storage_options": self.site.options,
            "policy": {"deletes": "allow"},
            "projects": [{"id": id, "state": state} for id, state in self.states.items()],
        }
        (self.folder / "manifest.yaml").write_text(json.dumps(manifest, indent=1))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        self.write()
        environment = {
            **os.environ,
            **self.site.environment(self.port),
            "MHSYNC_API_URL": self.sandbox.api_url,
            "MAGIC_HOUR_API_KEY": self.sandbox.key,
            "MHSYNC_PLUGINS": self.site.plugin,
            "CI": "true",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "mhsync", *arguments],
            cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *arguments: str) -> tuple[int, dict[str, Any], str]:
        """Run mhsync. Returns the exit code, the JSON document on stdout, and stderr."""
        with self.start(*arguments, "--format", "json") as process:
            out, err = process.communicate(timeout=300)
        assert "Traceback" not in err, err
        return process.returncode, json.loads(out), err

    def end_at(self, moment: float, how: signal.Signals) -> int:
        """Apply, send a signal to the process at a moment, and return its exit code.

        Args:
            moment: as a fraction of the requests of a complete run.
        """
        with self.start("apply", "manifest.yaml", "--yes", "-q") as process:
            deadline = time.monotonic() + 120
            wanted = moment * 7 * COUNT
            while process.poll() is None and len(self.sandbox.requests) < wanted:
                assert time.monotonic() < deadline
                time.sleep(0.002)
            process.send_signal(how)
            _, err = process.communicate(timeout=120)
        assert "Traceback" not in err, err
        return process.returncode

    def cut_off_and_settle(self, share: float) -> None:
        """Apply with a network that fails after a fraction of all bytes, and again when it works."""
        with TcpProxy(self.site.port, cut_after=int(share * BYTES)) as proxy:
            self.port = proxy.port
            code, report, err = self.apply()
            assert proxy.is_cut
            assert code == 1, (report, err)
            failed = [result for result in report["results"] if result["outcome"] == "failed"]
            assert failed
            for result in failed:
                message = result["error"]["message"]
                assert message
                assert "\n" not in message
                assert str(proxy.port) in message
            self.check_nothing_is_lost()
            assert not {result["id"] for result in failed} & self.deleted()
            proxy.restore()
            self.settle()

    def apply(self) -> tuple[int, dict[str, Any], str]:
        return self.run("apply", "manifest.yaml", "--yes")

    def settle(self, *kept: str) -> None:
        """Apply, and check that nothing is left to do and that every file is correct.

        Args:
            kept: paths of modified files that were set aside.
        """
        code, report, err = self.apply()
        assert code == 0, (report, err)
        code, plan, err = self.run("plan", "manifest.yaml", "--detailed-exitcode")
        assert code == 0, (plan, err)
        code, verified, err = self.run("verify", "manifest.yaml")
        assert code == 0, (verified, err)
        self.check_is_as_desired(*kept)

    def check_is_as_desired(self, *kept: str) -> None:
        storage = self.storage()
        wanted = {
            f"{id}/{name}": output
            for id, state in self.states.items()
            if state != "deleted"
            for name, output in zip(("output.wav", "output-2.wav"), self.outputs(id), strict=True)
        }
        found = [info.path for info in storage.list() if not info.path.startswith(".mhsync/")]
        assert sorted(found) == sorted([*wanted, *kept])
        for path, output in wanted.items():
            assert sha256(storage, path) == output.audio.sha256(), path
        storage.close()
        assert self.deleted() == {id for id, state in self.states.items() if state != "downloaded"}

    def check_nothing_is_lost(self) -> None:
        """Check an interrupted run: every file is complete, and every deleted project was to be deleted and, if it is
        archived, is stored."""
        storage = self.storage()
        complete = {output.audio.sha256() for id in self.states for output in self.outputs(id)}
        found = [info.path for info in storage.list() if not info.path.startswith(".mhsync/")]
        sums = {path: sha256(storage, path) for path in found}
        assert set(sums.values()) <= complete
        for id in self.deleted():
            assert self.states[id] != "downloaded"
            if self.states[id] == "archived":
                assert {output.audio.sha256() for output in self.outputs(id)} <= set(sums.values()), id
        storage.close()

    def storage(self) -> Storage:
        return self.site.open(self.site.url(self.site.port), self.site.options)

    def outputs(self, id: str) -> tuple[Output, ...]:
        (outputs,) = [project.outputs for project in projects() if project.id == id]
        return outputs

    def deleted(self) -> set[str]:
        return {entry.id for entry in self.sandbox.requests.of("api", "DELETE")}


def sha256(storage: Storage, path: str) -> str:
    digest = hashlib.sha256()
    with storage.open(path) as reader:
        while data := reader.read(256 * 1024):
            digest.update(data)
    return digest.hexdigest()


class EndToEnd:
    """Tests of complete runs. A subclass has a fixture `site`, which returns an empty folder for each test."""

    @pytest.fixture
    def desk(self, tmp_path: Path, site: Site) -> Iterator[Desk]:
        folder = tmp_path / "desk"
        folder.mkdir()
        with Sandbox(Account(projects())) as sandbox:
            yield Desk(folder, site, sandbox)

    def test_a_second_apply_finds_nothing_to_do(self, desk: Desk) -> None:
        desk.settle()
        requests = len(desk.sandbox.requests)
        code, report, _ = desk.apply()
        assert (code, set(report["summary"]) - {"unchanged"}) == (0, set()) or report["summary"][
            "unchanged"
        ] == COUNT
        assert len(desk.sandbox.requests) == requests

    def test_plan_writes_nothing(self, desk: Desk) -> None:
        code, plan, _ = desk.run("plan", "manifest.yaml", "--detailed-exitcode")
        assert code == 2
        assert plan["summary"]["download"] == COUNT * 3 // 4
        storage = desk.storage()
        assert list(storage.list()) == []
        storage.close()

    @pytest.mark.parametrize("moment", [0.2, 0.5, 0.7, 0.9])
    def test_apply_after_a_kill_at_any_moment(self, desk: Desk, moment: float) -> None:
        """The moment is a fraction of the requests of a complete run."""
        desk.end_at(moment, signal.SIGKILL)
        desk.check_nothing_is_lost()
        desk.settle()

    @pytest.mark.parametrize("share", [0.2, 0.8])
    def test_cut_off_from_the_storage_half_way(self, desk: Desk, share: float) -> None:
        desk.cut_off_and_settle(share)

    def test_an_archived_project_is_deleted_only_after_its_copy_is_proved(self, desk: Desk) -> None:
        (victim, *_) = [id for id, state in desk.states.items() if state == "archived"]
        states = desk.states
        desk.states = {id: "downloaded" if state == "archived" else state for id, state in states.items()}
        assert desk.apply()[0] == 0
        storage = desk.storage()
        path = f"{victim}/output.wav"
        with storage.write(path) as writer:
            writer.write(bytes(SIZE))
        storage.close()
        desk.states = states
        code, report, _ = desk.apply()
        assert code == 1
        assert victim not in desk.deleted()
        (result,) = [result for result in report["results"] if result["id"] == victim]
        assert result["error"]["code"] == "copy_not_proved"
        kept = f"{victim}/output.changed-1.wav"
        desk.settle(kept)
        storage = desk.storage()
        assert sha256(storage, kept) == hashlib.sha256(bytes(SIZE)).hexdigest()
        storage.close()
        log = [(entry.host, entry.method) for entry in desk.sandbox.requests.of(id=victim)]
        assert log.count(("api", "DELETE")) == 1
        assert log.index(("api", "DELETE")) > max(
            at for at, request in enumerate(log) if request == ("files", "GET")
        )


class BriefEndToEnd:
    """A shorter version for further servers of one kind: a kill, a stop and a lost network.

    A subclass has a fixture `site`, or `desk`.
    """

    desk = EndToEnd.desk

    def test_apply_after_a_kill(self, desk: Desk) -> None:
        desk.end_at(0.5, signal.SIGKILL)
        desk.check_nothing_is_lost()
        desk.settle()

    def test_apply_after_a_stop(self, desk: Desk) -> None:
        assert desk.end_at(0.5, signal.SIGTERM) == 130
        desk.check_nothing_is_lost()
        desk.settle()

    def test_cut_off_from_the_storage_half_way(self, desk: Desk) -> None:
        desk.cut_off_and_settle(0.5)
