"""`ReconcileFixture`: a real sandbox and a real folder, with manifests written in one line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from mhsync.api.client import Client
from mhsync.core.manifest import DEFAULT_PATH, Deletes, Entry, Manifest, ManifestFile, Policy, State
from mhsync.core.plan import Plan
from mhsync.core.run_report import ProjectResult, Report
from mhsync.errors import Position
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.context import ApplyOptions, RunContext, Stop
from mhsync.reconcile.plan import plan
from mhsync.reconcile.prepare import Prepared, prepare
from mhsync.reconcile.progress import Observer, ProgressEvent, Warned, ignore_progress
from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox
from mhsync.settings import DownloadSettings, HttpSettings, RateLimitSettings, Settings, WaitSettings
from mhsync.storage.receipts import receipt_path

QUICK = Settings(
    http=HttpSettings(connect_timeout=2, read_timeout=1, retry_window=5, backoff=0.01, backoff_max=0.05),
    pace=RateLimitSettings(pause=0.02, pause_max=0.2),
    download=DownloadSettings(read_timeout=1, chunk=4096),
    wait=WaitSettings(first=0.05, factor=1.2, most=0.2),
)
"""Bounds that make a failing call fail soon; the counts of attempts stay as they are."""

ALLOW = Policy(deletes=Deletes.ALLOW, durable_storage=True)


def complete(id: str, outputs: int = 1, *, size: int = 2000, name: str | None = None) -> SandboxProject:
    return SandboxProject(id, name=name or f"Name of {id}", outputs=outputs_of(id, outputs, size=size))


@dataclass
class ReconcileFixture:
    """One account in a sandbox, one folder as the storage, and manifests of one file."""

    sandbox: Sandbox
    folder: Path
    settings: Settings = QUICK
    hooks: Hooks = field(default_factory=lambda: Hooks.load(enabled=False))
    stop: Stop = field(default_factory=Stop)
    observer: Observer = ignore_progress
    key: str | None = None

    def manifest(
        self,
        states: Mapping[str, str | tuple[str, str]],
        *,
        policy: Policy = ALLOW,
        file: str = "m.yaml",
        storage: str | None = None,
    ) -> Manifest:
        """`{"id": "downloaded"}` or `{"id": ("downloaded", "path/{filename}")}`."""
        entries = []
        for line, (id_, wanted) in enumerate(states.items(), start=3):
            state, path = (wanted, DEFAULT_PATH) if isinstance(wanted, str) else wanted
            entries.append(Entry(id_, State(state), path, Position(file, line, 9)))
        kept = storage or str(self.folder)
        one = ManifestFile(
            file, str(self.folder.parent), "0" * 64, storage=kept, policy=policy, entries=tuple(entries)
        )
        return Manifest((one,))

    def plan(self, states: Mapping[str, str | tuple[str, str]] | Manifest, **changes: object) -> Plan:
        return self.with_run(lambda run: plan(run, self._manifest(states)).plan, changes)

    def apply(
        self,
        states: Mapping[str, str | tuple[str, str]] | Manifest,
        options: ApplyOptions | None = None,
        *,
        confirmed: bool = False,
        before_execute: Callable[[Prepared], object] | None = None,
        **changes: object,
    ) -> Report:
        """Prepare and execute; `before_execute` is called in between."""

        def work(run: RunContext) -> Report:
            with prepare(run, self._manifest(states), options or ApplyOptions()) as prepared:
                if before_execute is not None:
                    before_execute(prepared)
                return prepared.execute(confirmed=confirmed)

        return self.with_run(work, changes)

    def _manifest(self, states: Mapping[str, str | tuple[str, str]] | Manifest) -> Manifest:
        return states if isinstance(states, Manifest) else self.manifest(states)

    def with_run(self, work: Callable[[RunContext], object], changes: Mapping[str, object] = MappingProxyType({})):
        with Client(
            self.key or self.sandbox.key, base_url=self.sandbox.api_url, settings=self.settings, stop=self.stop
        ) as client:
            run = RunContext(
                client=client,
                hooks=self.hooks,
                now=lambda: datetime.now(UTC),
                settings=self.settings,
                stop=self.stop,
                observer=self.observer,
            )
            return work(replace(run, **changes))

    def files(self) -> dict[str, int]:
        """Every visible file below the folder, with its size."""
        found = (p for p in self.folder.rglob("*") if p.is_file() and ".mhsync" not in p.parts)
        return {p.relative_to(self.folder).as_posix(): p.stat().st_size for p in found}

    def leftovers(self) -> list[str]:
        """What is left of unfinished writes and moves."""
        below = [self.folder / ".mhsync" / "tmp", self.folder / ".mhsync" / "moving"]
        return [str(p) for folder in below for p in folder.rglob("*") if p.is_file()]

    def unnamed(self) -> list[str]:
        """Every file, mhsync's own folder of parked ones included, that no receipt names, and every empty folder."""
        named: set[str] = set()
        for path in (self.folder / ".mhsync" / "receipts").glob("*.json"):
            receipt = json.loads(path.read_text())
            for record in (receipt, *receipt.get("others", ())):
                for key in ("outputs", "storing", "set_aside"):
                    for one in record.get(key, ()):
                        named |= {one["path"], one.get("superseded", one["path"])}
        found = [path for path in [*self.files(), *self._moving()] if path not in named]
        own = self.folder / ".mhsync"
        folders = (p for p in self.folder.rglob("*") if p.is_dir() and own not in (p, *p.parents))
        return found + [f"{p.relative_to(self.folder)}/" for p in folders if not any(p.iterdir())]

    def _moving(self) -> list[str]:
        return [p.relative_to(self.folder).as_posix() for p in (self.folder / ".mhsync/moving").glob("*")]

    def receipt(self, id: str) -> dict | None:
        path = self.folder / receipt_path(id)
        return json.loads(path.read_text()) if path.exists() else None

    def sent(self, method: str) -> list[str]:
        """The ids for which the API saw the method, in order."""
        return [entry.id for entry in self.sandbox.requests.of(host="api", method=method)]

    def fault(self, fault: object, **where: object) -> None:
        self.sandbox.faults = Faults(Rule(fault, **where))

    def no_faults(self) -> None:
        self.sandbox.faults = Faults()

    def check_receipts_are_true(self) -> None:
        """No receipt without its files, whole and with the bytes that it names."""
        for path in (self.folder / ".mhsync" / "receipts").glob("*.json"):
            for output in json.loads(path.read_text())["outputs"]:
                data = (self.folder / output["path"]).read_bytes()
                assert (len(data), hashlib.sha256(data).hexdigest()) == (output["size"], output["sha256"]), path


def result_of(report: Report, id: str) -> ProjectResult:
    (found,) = [result for result in report.results if result.id == id]
    return found


def collect_warnings(warnings: list[str]) -> Observer:
    """An observer that appends the message of each warning."""

    def observer(event: ProgressEvent) -> None:
        if isinstance(event, Warned):
            warnings.append(event.message)

    return observer


def outcomes(report: Report) -> dict[str, str]:
    return {result.id: result.outcome.value for result in report.results}


def account(*projects: SandboxProject) -> Account:
    return Account(projects)
