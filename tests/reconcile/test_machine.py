"""A state machine changes manifest, account, storage and network in any order. The invariants always hold. When the
faults end, repeated applies reach a plan without changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mhsync.core.manifest import State
from mhsync.errors import AuthenticationFailed
from mhsync.reconcile.context import ApplyOptions, Stop
from mhsync.reconcile.verify import verify
from mhsync.sandbox import faults as f
from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox
from tests.reconcile.fixture import QUICK, ReconcileFixture

IS_LONG = bool(os.environ.get("MHSYNC_LONG"))
IDS = ("a", "b", "c", "d")
PATHS = ("{id}/{filename}", "{name}-{index}{ext}", "x/{id}-{index}{ext}", "{filename}")
STATUSES = ("draft", "queued", "rendering", "complete", "complete", "complete", "error", "canceled")
FAULTS = (
    f.Status(500),
    f.Status(429),
    f.Status(403),
    f.Status(404),
    f.Reset(),
    f.Lost(),
    f.Cut(700),
    f.InvalidJson(),
    f.Html(),
    f.OtherId(),
    f.UnknownStatus(),
    f.MissingField("status"),
)
FILE_FAULTS = (
    f.Cut(700),
    f.Reset(),
    f.Longer(),
    f.Shorter(),
    f.Empty(),
    f.Html(),
    f.Expired(),
    f.IgnoreRange(),
    f.Changed(),
    f.Status(503),
    f.NoLength(),
)
HURRIED = replace(
    QUICK,
    http=replace(QUICK.http, attempts=2),
    download=replace(QUICK.download, attempts=2),
    run=replace(QUICK.run, checkers=1, transfers=1),
)
"""One thread: the same steps meet the same faults, so that what fails can be made smaller."""

ids = st.sampled_from(IDS)


class ReconcileMachine(RuleBasedStateMachine):
    """An account, a folder and a manifest of four projects, and a hand that meddles with all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="mhsync-machine-"))
        self.sandbox = Sandbox(Account()).start()
        self.fixture = ReconcileFixture(self.sandbox, self.folder / "outputs", settings=HURRIED)
        self.states: dict[str, tuple[str, str]] = {}
        self.known: set[tuple[int, str]] = set()
        self.tampered: set[str] = set()
        self.edits: set[tuple[int, str]] = set()

    @initialize(data=st.data())
    def begin(self, data) -> None:
        for id_ in IDS:
            self.put(id_, data.draw(st.sampled_from(STATUSES)), data.draw(st.integers(1, 2)), "Name")
            self.desire(id_, data.draw(st.sampled_from(list(State))), PATHS[0])

    def put(self, id_: str, status: str, outputs: int, name: str) -> None:
        size = 1000 + 100 * outputs + 2 * IDS.index(id_)
        project = SandboxProject(id_, status, name=name, outputs=outputs_of(id_, outputs, size=size))
        self.sandbox.account.put(project)
        for output in project.outputs:
            self.known.add(fingerprint(b"".join(output.audio.read())))
            again = replace(output.audio, seed=output.audio.seed + "+")
            self.known.add(fingerprint(b"".join(again.read())))

    @rule(id_=ids, state=st.sampled_from(list(State)), path=st.sampled_from(PATHS))
    def desire(self, id_: str, state: State, path: str) -> None:
        self.states[id_] = (state.value, path)

    @rule(id_=ids)
    def forget(self, id_: str) -> None:
        self.states.pop(id_, None)

    @rule(id_=ids, status=st.sampled_from(STATUSES))
    def change_status(self, id_: str, status: str) -> None:
        self.sandbox.account.set_status(id_, status)

    @rule(id_=ids, outputs=st.integers(1, 2), name=st.sampled_from(("Name", "name", "Other")))
    def render_anew(self, id_: str, outputs: int, name: str) -> None:
        if not self.sandbox.account.project(id_).is_deleted:
            self.put(id_, "complete", outputs, name)

    @rule(id_=ids)
    def somebody_else_deletes(self, id_: str) -> None:
        self.sandbox.account.delete(id_)

    @rule(which=st.integers(0, 9), how=st.sampled_from(("remove", "truncate", "flip")))
    def drift(self, which: int, how: str) -> None:
        files = sorted(self.fixture.files())
        if not files:
            return
        name = files[which % len(files)]
        path = self.fixture.folder / name
        if how == "remove":
            path.unlink()
            return
        body = path.read_bytes()
        self.write(name, body[:-1] if how == "truncate" else bytes([body[0] ^ 1]) + body[1:])

    def write(self, name: str, body: bytes) -> None:
        (self.fixture.folder / name).write_bytes(body)
        self.tampered.add(name)
        self.edits.add(fingerprint(body))

    @rule(name=st.sampled_from(("output.wav", "a/output.wav", "Name-1.wav", "b")))
    def somebody_puts_a_file(self, name: str) -> None:
        path = self.fixture.folder / name
        if not path.exists() and not any(part.is_file() for part in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.write(name, b"a file of the user")

    @rule(id_=ids)
    def a_receipt_is_lost(self, id_: str) -> None:
        (self.fixture.folder / f".mhsync/receipts/{id_}.json").unlink(missing_ok=True)

    @rule(
        fault=st.sampled_from(FAULTS),
        method=st.sampled_from(("GET", "DELETE")),
        times=st.sampled_from((1, 3, None)),
    )
    def api_fault(self, fault, method: str, times: int | None) -> None:
        self.sandbox.faults = Faults(Rule(fault, host="api", method=method, times=times))

    @rule(fault=st.sampled_from(FILE_FAULTS), times=st.sampled_from((1, 3, None)))
    def file_fault(self, fault, times: int | None) -> None:
        self.sandbox.faults = Faults(Rule(fault, host="files", times=times))

    @rule(no_deletes=st.booleans())
    def apply(self, no_deletes: bool = False) -> None:
        before = {name: self.read(name) for name in self.tampered if (self.fixture.folder / name).exists()}
        receipts = {id_: self.fixture.receipt(id_) for id_ in IDS}
        self.sandbox.requests.clear()
        try:
            self.fixture.apply(self.states, ApplyOptions(no_deletes=no_deletes))
        except AuthenticationFailed:
            return
        self.check_deletes(no_deletes=no_deletes)
        self.check_strangers(before, receipts)
        assert self.fixture.leftovers() == []

    @rule()
    def look(self) -> None:
        self.sandbox.requests.clear()
        before = self.fixture.files()
        self.fixture.plan(self.states)
        assert self.fixture.files() == before
        assert self.fixture.sent("DELETE") == []

    @rule()
    def verify(self) -> None:
        verify(self.fixture.hooks, self.fixture.manifest(self.states), settings=HURRIED, stop=Stop())

    def check_deletes(self, *, no_deletes: bool) -> None:
        for id_ in self.fixture.sent("DELETE"):
            assert not no_deletes
            state, _ = self.states[id_]
            assert state in ("deleted", "archived")
            if state == "archived":
                receipt = self.fixture.receipt(id_)
                assert receipt is not None
                assert receipt["outputs"], f"{id_} was deleted without a copy"
                for output in receipt["outputs"]:
                    body = (self.fixture.folder / output["path"]).read_bytes()
                    assert fingerprint(body) == (output["size"], output["sha256"])
                    assert fingerprint(body) in self.known

    def check_strangers(self, before: dict[str, bytes], receipts: dict[str, dict | None]) -> None:
        """What no receipt named is as it was, and an edit of what one named is somewhere."""
        named = {o["path"] for receipt in receipts.values() if receipt for o in receipt["outputs"]}
        for name, body in before.items():
            if name not in named:
                assert self.read(name) == body, f"{name} is not ours, and was changed"
        kept = {self.read(name) for name in self.fixture.files()}
        for name, body in before.items():
            assert body in kept or fingerprint(body) in self.known, f"the edit of {name} is lost"

    def read(self, name: str) -> bytes:
        return (self.fixture.folder / name).read_bytes()

    @invariant()
    def every_file_is_complete_or_as_the_user_left_it(self) -> None:
        for name in self.fixture.files():
            assert fingerprint(self.read(name)) in self.known | self.edits, f"{name} is not whole"

    def teardown(self) -> None:
        try:
            if self.states:
                self.converge()
        finally:
            self.sandbox.stop()
            shutil.rmtree(self.folder)

    def converge(self) -> None:
        """Nothing fails any more and nothing renders: a few runs, and there is nothing left to do."""
        self.sandbox.faults = Faults()
        for id_ in IDS:
            if self.sandbox.account.project(id_).status in ("queued", "rendering"):
                self.sandbox.account.set_status(id_, "complete")
        for _ in range(3):
            self.apply(no_deletes=False)
        plan = self.fixture.plan(self.states)
        assert [change for change in plan.changes if not self.is_in_a_strangers_way(change)] == []
        for project in plan.projects:
            assert project.verdict.value != "failed", project

    def is_in_a_strangers_way(self, plan) -> bool:
        """A file of the user, or of a project that is no longer managed, has its path: every `apply` blocks it."""
        mine = {o["path"] for o in (self.fixture.receipt(plan.id) or {"outputs": ()})["outputs"]}
        taken = {name.casefold() for name in self.fixture.files() if name not in mine}
        managed = {
            o["path"] for id_ in self.states for o in (self.fixture.receipt(id_) or {"outputs": ()})["outputs"]
        }
        taken -= {name.casefold() for name in managed}
        return any(output.path.casefold() in taken for output in plan.outputs)


def fingerprint(body: bytes) -> tuple[int, str]:
    return len(body), hashlib.sha256(body).hexdigest()


TestReconcileMachine = ReconcileMachine.TestCase
TestReconcileMachine.settings = settings(
    max_examples=300 if IS_LONG else 15,
    stateful_step_count=25 if IS_LONG else 12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
