"""Write a plan to a file, read it back, and load the manifests that it was made from."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

from mhsync.core.manifest import Manifest
from mhsync.core.plan import Plan
from mhsync.core.saved_plan import STALE, SavedPlan
from mhsync.dataclass import dataclass
from mhsync.errors import ManifestError, PlanStale, Position, Problem, UsageError
from mhsync.loader import load
from mhsync.loader.files import STDIN, is_stream
from mhsync.reconcile.plan_file_detection import begins_as_plan
from mhsync.settings import ManifestSettings

_AGAIN = "make and review a new plan"


@dataclass(frozen=True, slots=True)
class SavedPlanFile:
    """A saved plan, and the file that it was read from."""

    file: str
    plan: SavedPlan

    @property
    def manifests(self) -> tuple[str, ...]:
        """The paths of its manifests, as seen from the current folder."""
        folder = Path(self.file).parent
        return tuple(os.path.normpath(folder / manifest.file) for manifest in self.plan.manifests)


def save_plan(plan: Plan, file: str | Path) -> None:
    """Write a plan to a file that only its owner can read, as a whole or not at all.

    The paths of the manifests are written relative to the folder of the file, so that both can be moved together.

    Args:
        plan: the plan, of manifests that are files.
        file: where to write it; an earlier saved plan is replaced.

    Raises:
        UsageError: the file cannot be written, or exists and is no saved plan.
    """
    from mhsync.fileio.atomic import PRIVATE, replace_own_file

    target = Path(file).resolve()
    for manifest in plan.files:
        if is_stream(manifest.file):
            where = "standard input" if manifest.file == STDIN else f"the pipe {manifest.file}"
            raise UsageError(
                f"a plan of a manifest from {where} cannot be saved: apply could not read the manifest again",
                hint="write the manifest to a file",
            )
        if Path(manifest.file).resolve() == target:
            raise UsageError(f"{manifest.file} is a manifest and would be replaced", hint="choose another file")
    files = tuple(replace(item, file=_relative(item.file, Path(file).parent)) for item in plan.files)
    document = json.dumps(replace(plan, files=files).to_json(), indent=2)
    replace_own_file(file, f"{document}\n".encode(), begins_as_plan, mode=PRIVATE)


def load_saved_plan(file: str | Path) -> SavedPlanFile:
    """Read a plan that `save_plan` or `mhsync plan --out` wrote.

    Raises:
        ManifestError: it cannot be read, or is not a saved plan of a known version.
    """
    name = os.fspath(file)
    try:
        return SavedPlanFile(name, SavedPlan.from_json(json.loads(Path(file).read_bytes())))
    except OSError as error:
        reason = f"the file cannot be read: {(error.strerror or type(error).__name__).lower()}"
        hint = "check the path and its permissions"
    except (ValueError, RecursionError) as error:
        detail = (
            "it is not JSON" if isinstance(error, json.JSONDecodeError) else str(error) or type(error).__name__
        )
        reason, hint = f"this is no valid saved plan: {detail}", "write it again with `mhsync plan --out`"
    raise ManifestError([Problem("saved_plan", reason, hint, Position(name))])


def load_planned_manifests(saved: SavedPlanFile, settings: ManifestSettings = ManifestSettings()) -> Manifest:  # noqa: B008
    """Load the manifests of a saved plan, if their content is what the plan was made from.

    Raises:
        PlanStale: a manifest changed, or is missing; `problems` names each of them.
        ManifestError: a manifest cannot be used.
    """
    expected = dict(zip(saved.manifests, (item.sha256 for item in saved.plan.manifests), strict=True))
    _require_unchanged({path: _sha256(path) for path in expected}, expected)
    manifest = load(saved.manifests, settings)
    _require_unchanged({file.file: file.sha256 for file in manifest.files}, expected)
    return manifest


def _require_unchanged(found: dict[str, str | None], expected: dict[str, str]) -> None:
    """Raise the refusal of a saved plan whose manifests are not those it was made from."""
    problems = [
        Problem(
            STALE,
            "the manifest no longer exists" if found.get(path) is None else "the manifest changed after the plan",
            _AGAIN,
            Position(path),
        )
        for path, sha256 in expected.items()
        if found.get(path) != sha256
    ]
    if problems:
        raise PlanStale(problems)


def _relative(file: str, folder: Path) -> str:
    # Links are not resolved: a relative storage path starts in the folder in which the manifest was named.
    return os.path.relpath(Path(file).absolute(), folder.absolute())


def _sha256(path: str) -> str | None:
    """The sha256 of a file; None where it cannot be read."""
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError):
        return None
