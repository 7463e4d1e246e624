"""Kills with another path template after each: no unlisted file is left, and no project stays blocked.

Runs over a few projects are killed at random steps, each with another template. Sometimes a file is removed between
runs. At the end a few complete runs must reach the desired state. `MHSYNC_KILLS` is the number of kills (2,000 with
`MHSYNC_LONG=1`), `MHSYNC_SEED` the seed of the random numbers.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mhsync.sandbox.account import Account
from mhsync.sandbox.server import Sandbox
from tests.crash.runner import Runner, running
from tests.reconcile.fixture import ReconcileFixture, complete

IS_LONG = bool(os.environ.get("MHSYNC_LONG"))
KILLS = int(os.environ.get("MHSYNC_KILLS", "2000" if IS_LONG else "40"))
SEED = int(os.environ.get("MHSYNC_SEED", "0"))
KILLS_EACH = 10
STEPS = 150
"""About the steps of a run that has most to do."""
RUNS_TO_END = 4

STATES = {
    "a": "downloaded",
    "b": "downloaded",
    "c": "downloaded",
    "d": "archived",
    "e": "archived",
    "f": "deleted",
}
PLAIN = ("{id}/{filename}", "x/{id}-{index}{ext}", "X/{id}-{index}{ext}", "{index}/{id}", "x/y/{id}/{index}")
PLACES = ("p", "q", "r", "s", "t", "u")
"""The projects take turns at these, so that one gets the path that another has."""


def paths(chance: random.Random) -> dict[str, str]:
    """A path for each project: one template for all, or places that change hands."""
    if chance.random() < 0.4:
        return dict.fromkeys(STATES, chance.choice(PLAIN))
    turn = chance.randrange(len(PLACES))
    return {id_: f"{PLACES[(n + turn) % len(PLACES)]}/{{index}}{{ext}}" for n, id_ in enumerate(STATES)}


@dataclass
class Storm:
    fixture: ReconcileFixture
    runner: Runner
    chance: random.Random
    wholes: set[tuple[int, str]]
    removed: set[tuple[int, str]] = field(default_factory=set)

    def run(self, wanted: dict[str, str], at: int = 0) -> int:
        file = self.fixture.folder.parent / "m.json"
        file.write_text(
            json.dumps(
                {
                    "version": 1,
                    "storage": str(self.fixture.folder),
                    "policy": {"deletes": "allow", "durable_storage": True},
                    "projects": [{"id": i, "state": s, "path": wanted[i]} for i, s in STATES.items()],
                }
            )
        )
        status = self.runner.run(["apply", str(file), "--yes", "--no-plugins", "--format", "json"], at)
        assert status in (0, 1, -9), self.runner.log.read_text()
        return status

    def check(self) -> None:
        """What must hold at every moment."""
        for path in self.fixture.files():
            assert fingerprint(self.fixture.folder / path) in self.wholes, f"{path} is not whole"
        assert [found for found in self.fixture.unnamed() if not found.endswith("/")] == []
        for id_ in STATES:
            receipt = self.fixture.receipt(id_) or {"outputs": []}
            for output in receipt["outputs"]:
                place = self.fixture.folder / output["path"]
                noted = (output["size"], output["sha256"])
                if place.exists():
                    assert fingerprint(place) == noted, f"{output['path']} is another file"
                else:
                    assert noted in self.removed, f"{output['path']} is lost"
        for id_ in self.fixture.sent("DELETE"):
            assert STATES[id_] in ("deleted", "archived"), f"{id_} was deleted without a request"
            kept = self.fixture.receipt(id_)
            assert kept is not None, f"{id_} was deleted without a receipt"
            assert kept["deletion"], f"{id_} was deleted without a note"
            assert STATES[id_] == "deleted" or kept["outputs"], f"{id_} was deleted without a copy"

    def somebody_removes_a_file(self) -> None:
        """One that can be downloaded again."""
        receipts = [self.fixture.receipt(id_) or {"outputs": []} for id_ in ("a", "b", "c")]
        found = [output["path"] for receipt in receipts for output in receipt["outputs"]]
        if found:
            path = self.fixture.folder / self.chance.choice(found)
            if path.exists():
                self.removed.add(fingerprint(path))
                path.unlink()

    def check_end(self) -> None:
        wanted = paths(self.chance)
        for _ in range(RUNS_TO_END):
            status = self.run(wanted)
            self.check()
        # The log holds stderr as well; the document begins with the first brace.
        log = self.runner.log.read_text()
        report = json.loads(log[log.index("{") :])
        assert status == 0, json.dumps(report["results"], indent=1)
        assert {result["outcome"] for result in report["results"]} == {"unchanged"}, report
        assert self.fixture.unnamed() == []
        assert self.fixture.leftovers() == []
        assert sorted(set(self.fixture.sent("DELETE"))) == ["d", "e", "f"]
        assert len(self.fixture.files()) == 7


def fingerprint(path: Path) -> tuple[int, str]:
    body = path.read_bytes()
    return len(body), hashlib.sha256(body).hexdigest()


@pytest.fixture(scope="module")
def runner() -> Iterator[tuple[Runner, Sandbox]]:
    """One process and one server for all storms."""
    with Sandbox(Account()) as sandbox, running(sandbox) as process:
        yield process, sandbox


@pytest.mark.parametrize("number", range(SEED, SEED + -(-KILLS // KILLS_EACH)))
def test_kills_with_another_template_after_each(runner, tmp_path, number):
    process, sandbox = runner
    projects = [complete(id_, 2 if id_ in "bd" else 1, size=1000 + 100 * n) for n, id_ in enumerate(STATES)]
    for project in projects:
        sandbox.account.put(project)
    sandbox.requests.clear()
    bodies = [b"".join(output.audio.read()) for project in projects for output in project.outputs]
    wholes = {(len(body), hashlib.sha256(body).hexdigest()) for body in bodies}
    storm = Storm(ReconcileFixture(sandbox, tmp_path / "outputs"), process, random.Random(number), wholes)
    killed = 0
    while killed < KILLS_EACH:
        killed += storm.run(paths(storm.chance), at=storm.chance.randrange(1, STEPS)) == -9
        storm.check()
        if storm.chance.random() < 0.2:
            storm.somebody_removes_a_file()
    storm.check_end()
