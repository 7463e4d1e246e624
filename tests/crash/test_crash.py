"""kill -9 at any moment, then apply, ends in the desired state, and every state in between is consistent.

A run over some dozens of projects (downloads, moves, two that change places, archives, deletes) is killed at a
step or at a random time, killed again, and run to its end. `MHSYNC_LONG=1` (`make test-long`) kills it at least 200
times; without it a sample runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from mhsync.sandbox.account import Account, SandboxProject
from mhsync.sandbox.server import Sandbox
from tests.reconcile.fixture import ALLOW, ReconcileFixture, complete, outcomes

IS_LONG = bool(os.environ.get("MHSYNC_LONG"))
SCENARIOS = 110 if IS_LONG else 8
"""Each is killed twice."""
DRIVER = Path(__file__).with_name("driver.py")

NEW = [f"new{n}" for n in range(6)]
ARCHIVED = [f"arc{n}" for n in range(8)]
DELETED = [f"del{n}" for n in range(4)]
MOVED = [f"mov{n}" for n in range(4)]
SWAPPED = ["swapa", "swapb"]
BEFORE = {id_: f"old/{id_}{{ext}}" for id_ in MOVED} | {"swapa": "swap/a{ext}", "swapb": "swap/b{ext}"}
AFTER = {id_: f"moved/{id_}/{{filename}}" for id_ in MOVED} | {"swapa": "swap/b{ext}", "swapb": "swap/a{ext}"}


def states() -> dict[str, tuple[str, str]]:
    """What is desired in the end, with the paths."""
    default = "{id}/{filename}"
    wanted = dict.fromkeys(NEW, ("downloaded", default))
    wanted |= dict.fromkeys(ARCHIVED, ("archived", default))
    wanted |= dict.fromkeys(DELETED, ("deleted", default))
    return wanted | {id_: ("downloaded", path) for id_, path in AFTER.items()}


def projects() -> list[SandboxProject]:
    sizes = {id_: 3000 + 1000 * n for n, id_ in enumerate(states())}
    return [complete(id_, 2 if id_ in ("new0", "arc0") else 1, size=size) for id_, size in sizes.items()]


@dataclass
class Scenario:
    fixture: ReconcileFixture
    file: Path
    wholes: set[tuple[int, str]]
    """Size and sha256 of every output that the account has."""

    def run(self, *, at: int = 0, after: float | None = None, count: Path | None = None) -> int:
        """Run apply in a process of its own; its exit code, -9 when it was killed."""
        env = os.environ | {
            "CRASH_AT": str(at),
            "MHSYNC_API_URL": self.fixture.sandbox.api_url,
            "MAGIC_HOUR_API_KEY": self.fixture.sandbox.key,
        }
        env |= {} if count is None else {"CRASH_COUNT": str(count)}
        command = [
            sys.executable,
            str(DRIVER),
            "apply",
            str(self.file),
            "--yes",
            "--no-plugins",
            "--format",
            "json",
        ]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            if after is not None:
                time.sleep(after)
                process.kill()
            out, err = process.communicate(timeout=120)
        assert process.returncode in (0, -9), (process.returncode, out[-2000:], err[-2000:])
        return process.returncode

    def check(self) -> None:
        """What must hold at every moment."""
        for path in self.fixture.files():
            data = (self.fixture.folder / path).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) in self.wholes, f"{path} is not whole"
        self.fixture.check_receipts_are_true()
        wanted = states()
        for id_ in self.fixture.sent("DELETE"):
            assert wanted[id_][0] in ("deleted", "archived"), f"{id_} was deleted without a request"
            if wanted[id_][0] == "archived":
                receipt = self.fixture.receipt(id_)
                assert receipt is not None, f"{id_} was deleted without a receipt"
                assert receipt["outputs"], f"{id_} was deleted without a copy"
                assert receipt["deletion"] in ("deleting", "deleted"), f"{id_} was deleted without a note"

    def check_end(self) -> None:
        self.check()
        assert self.fixture.leftovers() == []
        assert self.fixture.plan(self.fixture.manifest(states())).changes == ()
        assert set(outcomes(self.fixture.apply(states())).values()) == {"unchanged"}
        assert sorted(set(self.fixture.sent("DELETE"))) == sorted(ARCHIVED + DELETED)
        assert len(self.fixture.files()) == len(NEW) + len(ARCHIVED) + len(AFTER) + 2


def bytes_of(output) -> bytes:
    return b"".join(output.audio.read())


@pytest.fixture
def scenario(tmp_path):
    everything = projects()
    with Sandbox(Account(everything)) as sandbox:
        fixture = ReconcileFixture(sandbox, tmp_path / "outputs")
        first = fixture.apply({id_: ("downloaded", path) for id_, path in BEFORE.items()})
        assert set(outcomes(first).values()) == {"downloaded"}
        file = tmp_path / "m.yaml"
        file.write_text(
            json.dumps(
                {
                    "version": 1,
                    "storage": str(fixture.folder),
                    "policy": {"deletes": ALLOW.deletes.value, "durable_storage": True},
                    "projects": [{"id": i, "state": s, "path": p} for i, (s, p) in states().items()],
                }
            )
        )
        bodies = [bytes_of(output) for project in everything for output in project.outputs]
        yield Scenario(fixture, file, {(len(body), hashlib.sha256(body).hexdigest()) for body in bodies})


def test_the_driver_counts_the_steps_of_a_run(scenario, tmp_path):
    assert scenario.run(count=tmp_path / "steps") == 0
    scenario.check_end()
    steps = int((tmp_path / "steps").read_text())
    assert steps > 200, "the driver sees the steps that it is to kill at"


STEPS = 490
"""About the steps of a whole run; kills are spread over them."""


@pytest.mark.parametrize("number", range(SCENARIOS))
def test_killed_twice_and_run_again(scenario, number):
    chance = random.Random(number)
    first = 1 + (number * STEPS) // SCENARIOS + chance.randrange(max(1, STEPS // SCENARIOS))
    scenario.run(at=first)
    scenario.check()
    if number % 2:
        scenario.run(after=chance.uniform(0.2, 0.9))
    else:
        scenario.run(at=chance.randrange(1, STEPS))
    scenario.check()
    assert scenario.run() == 0
    scenario.check_end()
