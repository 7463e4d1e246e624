"""Load the manifests or the saved plan of a command, and check the ids of `--only`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mhsync.cli.console import Console
from mhsync.cli.options import SharedOptions
from mhsync.cli.render.terminal import escape
from mhsync.core.manifest import Manifest
from mhsync.core.selection import group_selectors, select
from mhsync.core.suggest import suggest
from mhsync.errors import ManifestError, Position, Problem
from mhsync.loader import load
from mhsync.loader.ids import doubt_of
from mhsync.reconcile.plan_file_detection import is_saved_plan
from mhsync.settings import Settings

if TYPE_CHECKING:
    from mhsync.core.saved_plan import SavedPlan

_NAMED = 5


def load_manifest(files: Sequence[str], settings: Settings) -> Manifest:
    """Load all the files into one manifest.

    Raises:
        ManifestError: they have problems, or one is a saved plan; all problems are listed.
    """
    problems = [_saved_plan(file) for file in files if is_saved_plan(file)]
    if problems:
        raise ManifestError(problems)
    return load(files, settings.manifest)


def load_selected(files: Sequence[str], shared: SharedOptions) -> tuple[Manifest, SharedOptions]:
    """Load all the files, and replace the selectors of `--only` by the ids that they choose.

    Raises:
        ManifestError: the files have problems, or a selector chooses no project.
    """
    manifest = load_manifest(files, shared.settings)
    if not shared.only:
        return manifest, shared
    ids, unused = select(manifest, shared.only)
    _require_used(unused, manifest.ids, manifest, "no manifest lists such a project")
    return manifest, replace(shared, only=ids)


def load_saved(file: str, shared: SharedOptions) -> tuple[Manifest, SavedPlan, SharedOptions]:
    """Load a saved plan and its manifests.

    Returns:
        The manifests, the plan, and the options with the ids to look at in `only`: those with planned actions, of
        the selected ones where there are selectors.

    Raises:
        ManifestError: a file has problems, or a selector of `--only` chooses no project with a planned action.
        PlanStale: a manifest changed.
    """
    from mhsync.reconcile.plan_file import load_planned_manifests, load_saved_plan

    saved = load_saved_plan(file)
    planned = frozenset(saved.plan.projects)
    manifest = load_planned_manifests(saved, shared.settings.manifest)
    chosen = planned
    if shared.only:
        ids, _ = select(manifest, shared.only)
        chosen = ids & planned
        unused = [one for one in sorted(shared.only) if not select(manifest, [one])[0] & planned]
        _require_used(unused, planned, manifest, "the saved plan has no action for such a project")
    return manifest, saved.plan, replace(shared, only=chosen)


def _require_used(unused: Sequence[str], ids: frozenset[str], manifest: Manifest, message: str) -> None:
    if unused:
        known = (*ids, *group_selectors(manifest))
        raise ManifestError(_unlisted(selector, known, message) for selector in unused)


def warn_of_doubts(console: Console, manifest: Manifest) -> None:
    """Warn of ids that are valid and that look like something else; a bounded number of them."""
    found = [(entry, doubt) for _, entry in manifest if (doubt := doubt_of(entry.id)) is not None]
    for entry, doubt in found[:_NAMED]:
        console.info(f"warning: {entry.position}: {escape(doubt.message)}")
        console.info(f"  hint: {doubt.hint}")
    if len(found) > _NAMED:
        console.info(f"warning: {len(found) - _NAMED} more ids look like words of the site")


def _unlisted(selector: str, known: Sequence[str], message: str) -> Problem:
    near = suggest(selector, known)
    forms = "--only takes an id, a pattern such as 'intro-*', state:archived, or tag:NAME"
    hint = f"did you mean {near}?" if near else forms
    return Problem("only_unknown", f"--only {selector!r:.130}: {message}", hint)


def _saved_plan(file: str) -> Problem:
    return Problem(
        "saved_plan",
        "this is a saved plan, not a manifest",
        "give the manifests that it was made from; `mhsync apply` accepts one saved plan on its own",
        Position(file),
    )
