"""Three storages, kills and losses: while one whole copy is left, all become whole again, and no original is lost.

Runs are killed at random steps. Between them files of some storages are removed, or a whole storage is emptied, so
that at least one storage keeps each project. `MHSYNC_KILLS` is the number of kills (500 with `MHSYNC_LONG=1`).
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mhsync.sandbox.account import Account
from mhsync.sandbox.server import Sandbox
from tests.crash.runner import Runner, running
from tests.reconcile.fixture import ReconcileFixture, complete

IS_LONG = bool(os.environ.get("MHSYNC_LONG"))
KILLS = int(os.environ.get("MHSYNC_KILLS", "500" if IS_LONG else "20"))
SEED = int(os.environ.get("MHSYNC_SEED", "0"))
KILLS_EACH = 10
STEPS = 200
"""About the steps of a run that has most to do."""
RUNS_TO_END = 5
STATES = {"a": "downloaded", "b": "downloaded", "c": "archived", "d": "archived", "e": "deleted"}
PATHS = ("{id}/{filename}", "x/{id}-{index}{ext}", "{index}/{id}")


@pytest.fixture(scope="module")
def runner() -> Iterator[tuple[Runner, Sandbox]]:
    with Sandbox(Account()) as sandbox, running(sandbox) as process:
        yield process, sandbox


@dataclass
class Storm:
    places: tuple[ReconcileFixture, ...]
    runner: Runner
    chance: random.Random
    wholes: dict[tuple[int, str], str]
    """By size and sha256 the id of each output of the account."""
    required: int

    def run(self, path: str, at: int = 0) -> int:
        folders = [place.folder for place in self.places]
        manifest = {
            "version": 1,
            "storage": str(folders[0]),
            "copies": [str(folder) for folder in folders[1:]],
            "min_copies": self.required,
            "path": path,
            "policy": {"deletes": "allow", "durable_storage": True},
            "projects": [{"id": id_, "state": state} for id_, state in STATES.items()],
        }
        file = folders[0].parent / "m.json"
        file.write_text(json.dumps(manifest))
        deleted = set(self.sent())
        argv = ["apply", str(file), "--yes", "--no-plugins", "--format", "json", "--transfers", "2"]
        status = self.runner.run(argv, at)
        assert status in (0, 1, -9), self.runner.log.read_text()
        for id_ in set(self.sent()) - deleted:
            assert STATES[id_] != "downloaded", f"{id_} was deleted without a request"
            if STATES[id_] == "archived":
                held = [place for place in self.places if self.holds(place, id_)]
                assert len(held) >= self.required, f"{id_} was deleted with {len(held)} copies"
        return status

    def sent(self) -> list[str]:
        return self.places[0].sent("DELETE")

    def holds(self, place: ReconcileFixture, id_: str) -> bool:
        receipt = place.receipt(id_)
        if receipt is None or not receipt["outputs"]:
            return False
        return all(fingerprint(place.folder / o["path"]) == (o["size"], o["sha256"]) for o in receipt["outputs"])

    def check(self) -> None:
        """What must hold at every moment."""
        for place in self.places:
            for path in place.files():
                assert fingerprint(place.folder / path) in self.wholes, f"{place.folder.name}/{path} is not whole"
            assert [path for path in place.unnamed() if not path.endswith("/")] == []
        for id_ in self.sent():
            assert STATES[id_] != "archived" or any(self.holds(p, id_) for p in self.places), f"{id_} is lost"

    def lose(self) -> None:
        """Empty a storage, or remove a file of it, where other storages hold all of its projects."""
        place = self.chance.choice(self.places)
        others = [other for other in self.places if other is not place]
        stored = [id_ for id_ in STATES if place.receipt(id_) is not None]
        if not all(any(self.holds(other, id_) for other in others) for id_ in stored if STATES[id_] != "deleted"):
            return
        if self.chance.random() < 0.5:
            shutil.rmtree(place.folder, ignore_errors=True)
        elif files := sorted(place.files()):
            (place.folder / self.chance.choice(files)).unlink()


def fingerprint(path: Path) -> tuple[int, str]:
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return -1, ""
    return len(body), hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("number", range(SEED, SEED + -(-KILLS // KILLS_EACH)))
def test_kills_and_losses_end_with_every_storage_whole(runner, tmp_path, number):
    process, sandbox = runner
    projects = [complete(id_, 2 if id_ in "bd" else 1, size=1000 + 100 * n) for n, id_ in enumerate(STATES)]
    for project in projects:
        sandbox.account.put(project)
    sandbox.requests.clear()
    wholes = {}
    for project in projects:
        for output in project.outputs:
            body = b"".join(output.audio.read())
            wholes[len(body), hashlib.sha256(body).hexdigest()] = project.id
    chance = random.Random(number)
    places = tuple(ReconcileFixture(sandbox, tmp_path / name) for name in ("first", "second", "third"))
    storm = Storm(places, process, chance, wholes, required=chance.choice((2, 3)))
    killed = 0
    while killed < KILLS_EACH:
        killed += storm.run(chance.choice(PATHS), at=chance.randrange(1, STEPS)) == -9
        storm.check()
        if chance.random() < 0.4:
            storm.lose()
    path = chance.choice(PATHS)
    for _ in range(RUNS_TO_END):
        status = storm.run(path)
        storm.check()
    log = process.log.read_text()
    report = json.loads(log[log.index("{") :])
    assert status == 0, json.dumps(report["results"], indent=1)
    assert {result["outcome"] for result in report["results"]} == {"unchanged"}, report
    for place in places:
        assert all(storm.holds(place, id_) for id_ in STATES if STATES[id_] != "deleted"), place.folder.name
        assert place.files() == places[0].files()
        assert (place.unnamed(), place.leftovers()) == ([], [])
    assert sorted(set(storm.sent())) == ["c", "d", "e"]
