"""Builders of core values with defaults, so that a test states only the values that matter to it."""

from __future__ import annotations

from datetime import UTC, datetime

from mhsync.core.diff import diff
from mhsync.core.manifest import DEFAULT_PATH, Entry, Manifest, ManifestFile, Policy, State
from mhsync.core.observed import Details, Gone, Inventory, Live, Unreadable
from mhsync.core.plan import Plan, ProjectPlan
from mhsync.core.project import Download, Project, ProjectError, Status
from mhsync.core.receipt import Deletion, Receipt, StoredOutput
from mhsync.errors import Position, Problem

API = "https://api.example"
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
SHA = "ab" * 32


def source(id: str, number: int = 0, name: str = "output.wav") -> str:
    return f"https://files.example/{id}/{number}/{name}"


def project(
    id: str = "one",
    status: str = "complete",
    *,
    outputs: int = 1,
    name: str | None = "A name",
    error: ProjectError | None = None,
) -> Project:
    downloads = (
        tuple(Download(source(id, n) + "?sig=secret") for n in range(outputs)) if status == "complete" else ()
    )
    known = Status(status) if status in Status._value2member_map_ else Status.UNKNOWN
    return Project(
        id, known, status, type="VOICE_GENERATOR", name=name, created_at=NOW, downloads=downloads, error=error
    )


def live(id: str = "one", status: str = "complete", *, outputs: int = 1, name: str | None = "A name") -> Details:
    return Live(project(id, status, outputs=outputs, name=name))


NOT_FOUND = Gone(not_found=True)
DISABLED = Gone(not_found=False)
GET_FAILED = Unreadable(Problem("server_failed", "500 five times", "run again later"))


def receipt(
    id: str = "one",
    *,
    outputs: int = 1,
    paths: tuple[str, ...] | None = None,
    deletion: Deletion | None = None,
    suspect: bool = False,
    superseded: str | None = None,
    name: str | None = "A name",
) -> Receipt:
    """A receipt of outputs of 10 bytes each, stored under the default paths unless `paths` says otherwise."""
    names = ["output.wav", *(f"output-{n}.wav" for n in range(2, outputs + 1))][:outputs]
    where = paths or tuple(f"{id}/{filename}" for filename in names)
    return Receipt(
        id,
        API,
        name=name,
        type="VOICE_GENERATOR",
        created_at=NOW,
        outputs=tuple(
            StoredOutput(path, 10, SHA, source(id, n), filename, suspect=suspect, superseded=superseded)
            for n, (path, filename) in enumerate(zip(where, names, strict=True))
        ),
        stored_at=NOW if outputs else None,
        deletion=deletion,
    )


def inventory(*receipts: Receipt, missing: tuple[str, ...] = (), sizes: dict[str, int] | None = None) -> Inventory:
    files = {o.path: o.size for r in receipts for o in r.outputs if o.path not in missing} | (sizes or {})
    return Inventory("/storage", files, {r.id: r for r in receipts})


def entry(id: str = "one", state: State = State.DOWNLOADED, path: str = DEFAULT_PATH) -> Entry:
    return Entry(id, state, path, Position("m.yaml", 3, 9))


def manifest(*entries: Entry, policy: Policy | None = None) -> Manifest:
    return Manifest((ManifestFile("m.yaml", "/folder", SHA, entries=entries, policy=policy or Policy()),))


def plan_of(desired: Manifest, stock: Inventory, details: dict[str, Details], only: tuple[str, ...] = ()) -> Plan:
    return diff(desired, {"m.yaml": stock}, details, api=API, only=only)


def plan_one(one: Entry, stock: Inventory, details: Details | None) -> ProjectPlan:
    (only,) = plan_of(manifest(one), stock, {} if details is None else {one.id: details}).projects
    return only
