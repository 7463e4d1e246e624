"""A power failure at any moment of a run: what is found on disk keeps the promises, whatever was not flushed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from mhsync.api.client import Client
from mhsync.sandbox.account import Account
from mhsync.sandbox.server import Sandbox
from mhsync.settings import RunSettings
from tests.crash.disk_model import TORN, Node, Recorder, after_power_failure, choices
from tests.reconcile.fixture import QUICK, ReconcileFixture, complete, outcomes

RECEIPTS = ".mhsync/receipts/"
STATES = {
    "one": "downloaded",
    "two": "downloaded",
    "deep": ("downloaded", "a/{type}/b/{id}-{index}{ext}"),
    "flat1": ("downloaded", "flat/{id}{ext}"),
    "flat2": ("downloaded", "flat/{id}{ext}"),
    "gone1": "archived",
    "gone2": ("archived", "{filename}/{id}{ext}"),
}


@dataclass
class Promises:
    """Checks what a power failure leaves, after each change of a run."""

    wholes: set[str]
    """The sha256 of every output that the account has."""
    random: Random = field(default_factory=lambda: Random(1))
    broken: Counter[str] = field(default_factory=Counter)
    moments: int = 0

    def check(self, root: Node) -> None:
        self.moments += 1
        for survives in choices(self.random):
            self._check_disk(dict(after_power_failure(root, survives)))

    def _check_disk(self, found: dict[str, bytes]) -> None:
        outputs = {path: _sha256(data) for path, data in found.items() if not path.startswith(".mhsync/")}
        for sha256 in outputs.values():
            self._require(sha256 in self.wholes, "an output is not whole")
        named: set[str] = set()
        for path, data in found.items():
            if not path.startswith(RECEIPTS):
                continue
            self._require(data != TORN, "a receipt is not whole")
            receipt = {} if data == TORN else json.loads(data)
            for output in receipt.get("outputs", ()):
                is_stored = outputs.get(output["path"]) == output["sha256"]
                self._require(is_stored, "a receipt names an output that is not there")
            named |= {one["path"] for key in ("outputs", "storing") for one in receipt.get(key, ())}
        self._require(set(outputs) <= named, "no receipt names an output")

    def check_delete(self, root: Node, id: str) -> None:
        """Right before a DELETE is sent."""
        found = dict(after_power_failure(root, lambda _: False))
        data = found.get(f"{RECEIPTS}{id}.json", b"{}")
        receipt = {} if data == TORN else json.loads(data)
        self._require(receipt.get("deletion") == "deleting", "a DELETE is sent without a note")
        for output in receipt.get("outputs") or [{"path": "", "sha256": ""}]:
            is_stored = _sha256(found.get(output["path"], b"")) == output["sha256"]
            self._require(is_stored, "a DELETE is sent without a copy")

    def _require(self, is_kept: bool, promise: str) -> None:
        if not is_kept:
            self.broken[promise] += 1


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`run(flushes, transfers)`: apply the states with a recorder; the promises and the recorder."""
    projects = [
        complete(id_, 2 if id_ in ("two", "gone1") else 1, size=3000 + 500 * n) for n, id_ in enumerate(STATES)
    ]
    wholes = {_sha256(b"".join(output.audio.read())) for project in projects for output in project.outputs}

    def record(flushes=lambda _: True, transfers: int = 8) -> tuple[Promises, Recorder]:
        promises = Promises(wholes)
        (tmp_path / "outputs").mkdir()
        with Sandbox(Account(projects)) as sandbox:
            settings = replace(QUICK, run=RunSettings(transfers=transfers))
            fixture = ReconcileFixture(sandbox, tmp_path / "outputs", settings)
            recorder = Recorder(fixture.folder, lambda: promises.check(recorder.root), flushes)
            send = Client.delete

            def delete(client: Client, id: str) -> bool:
                recorder.event(lambda: promises.check_delete(recorder.root, id))
                return send(client, id)

            monkeypatch.setattr(Client, "delete", delete)
            with recorder.recording(monkeypatch):
                report = fixture.apply(STATES)
            assert Counter(outcomes(report).values()) == {"downloaded": 5, "archived": 2}
            assert len(sandbox.requests.of("api", method="DELETE")) == 2
        return promises, recorder

    return record


def test_a_power_failure_at_any_moment_breaks_no_promise(run):
    promises, _ = run()
    assert promises.broken == {}
    assert promises.moments > 150, "the model sees the changes of the run"


def test_after_the_run_nothing_waits_for_a_flush(run):
    _, recorder = run()
    lost = dict(after_power_failure(recorder.root, lambda _: False))
    kept = dict(after_power_failure(recorder.root, lambda _: True))
    lost.pop(".mhsync/lock", None)
    kept.pop(".mhsync/lock", None)
    assert {path: data for path, data in lost.items() if not path.startswith(".mhsync/tmp/")} == kept


def test_the_model_finds_a_forgotten_flush_of_a_file(run):
    promises, _ = run(lambda node: node.is_folder)
    assert {"an output is not whole", "a receipt is not whole", "a DELETE is sent without a copy"} <= set(
        promises.broken
    )


def test_the_model_finds_a_forgotten_flush_of_a_folder(run):
    promises, _ = run(lambda node: not node.is_folder)
    expected = {
        "a receipt names an output that is not there",
        "no receipt names an output",
        "a DELETE is sent without a copy",
        "a DELETE is sent without a note",
    }
    assert expected <= set(promises.broken)


def test_the_number_of_flushes_is_bounded(run):
    _, recorder = run(transfers=1)
    files = sum(not node.is_folder for node in recorder.flushed)
    outputs, receipts, index, new_folders = 9, 9 + 7 + 2 * 2, 1, 10
    # A receipt is written once for each output, once for all outputs of a project, and twice for each delete.
    assert files == outputs + receipts + index
    assert len(recorder.flushed) - files <= outputs + receipts + index + new_folders
