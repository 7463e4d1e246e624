"""Load the manifests or the saved plan of a command, and check the ids of `--only`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mhsync.cli.console import Console
from mhsync.cli.render.terminal import escape
from mhsync.core.manifest import Manifest
from mhsync.core.suggest import suggest
from mhsync.errors import ManifestError, Position, Problem
from mhsync.loader import load
from mhsync.loader.ids import doubt_of
from mhsync.reconcile.saved_plan_format import is_saved_plan
from mhsync.settings import Settings

if TYPE_CHECKING:
    from mhsync.core.saved_plan import SavedPlan

_NAMED = 5


def load_manifest(files: Sequence[str], settings: Settings, only: frozenset[str] = frozenset()) -> Manifest:
    """Load all the files into one manifest.

    Raises:
        ManifestError: they have problems; all of them are listed.
        UsageError: one is a saved plan, or `only` names an id that no file lists.
    """
    problems = [_saved_plan(file) for file in files if is_saved_plan(file)]
    if problems:
        raise ManifestError(problems)
    manifest = load(files, settings.manifest)
    _require_listed(only, manifest.ids, "no manifest lists this id")
    return manifest


def load_saved(file: str, settings: Settings, only: frozenset[str]) -> tuple[Manifest, SavedPlan, frozenset[str]]:
    """Load a saved plan and its manifests.

    Returns:
        The manifests, the plan, and the ids to look at: those with planned actions, of `only` where it is given.

    Raises:
        ManifestError: a file has problems, or `only` names an id without a planned action.
        PlanStale: a manifest changed.
    """
    from mhsync.reconcile.saved_plan import load_planned_manifests, load_saved_plan

    saved = load_saved_plan(file)
    planned = frozenset(saved.plan.projects)
    manifest = load_planned_manifests(saved, settings.manifest)
    _require_listed(only, planned, "the saved plan has no action for this id")
    return manifest, saved.plan, only or planned


def _require_listed(only: frozenset[str], ids: frozenset[str], message: str) -> None:
    unknown = sorted(only - ids)
    if unknown:
        raise ManifestError(_unlisted(id_, ids, message) for id_ in unknown)


def warn_of_doubts(console: Console, manifest: Manifest) -> None:
    """Warn of ids that are valid and that look like something else; a bounded number of them."""
    found = [(entry, doubt) for _, entry in manifest if (doubt := doubt_of(entry.id)) is not None]
    for entry, doubt in found[:_NAMED]:
        console.info(f"warning: {entry.position}: {escape(doubt.message)}")
        console.info(f"  hint: {doubt.hint}")
    if len(found) > _NAMED:
        console.info(f"warning: {len(found) - _NAMED} more ids look like words of the site")


def _unlisted(id_: str, ids: frozenset[str], message: str) -> Problem:
    near = suggest(id_, ids)
    hint = f"did you mean {near}?" if near else "--only takes the id of a project that is in the manifest"
    return Problem("only_unknown", f"--only {id_!r:.130}: {message}", hint)


def _saved_plan(file: str) -> Problem:
    return Problem(
        "saved_plan",
        "this is a saved plan, not a manifest",
        "give the manifests that it was made from; `mhsync apply` accepts one saved plan on its own",
        Position(file),
    )
