"""Load the manifests of a command, refuse saved plans, and check the ids of `--only`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from mhsync.cli.console import Console
from mhsync.cli.render.terminal import escape
from mhsync.core import plan as saved
from mhsync.core.manifest import Manifest
from mhsync.core.suggest import suggest
from mhsync.errors import ManifestError, Position, Problem
from mhsync.loader import load
from mhsync.loader.ids import doubt_of
from mhsync.settings import Settings

_NAMED = 5


def load_manifest(files: Sequence[str], settings: Settings, only: frozenset[str] = frozenset()) -> Manifest:
    """Load all the files into one manifest.

    Raises:
        ManifestError: they have problems; all of them are listed.
        UsageError: one is a saved plan, or `only` names an id that no file lists.
    """
    problems = [problem for file in files for problem in _saved_plan(file, settings.manifest.size)]
    if problems:
        raise ManifestError(problems)
    manifest = load(files, settings.manifest)
    unknown = sorted(only - manifest.ids)
    if unknown:
        raise ManifestError(_unlisted(id_, manifest.ids) for id_ in unknown)
    return manifest


def warn_of_doubts(console: Console, manifest: Manifest) -> None:
    """Warn of ids that are valid and that look like something else; a bounded number of them."""
    found = [(entry, doubt) for _, entry in manifest if (doubt := doubt_of(entry.id)) is not None]
    for entry, doubt in found[:_NAMED]:
        console.info(f"warning: {entry.position}: {escape(doubt.message)}")
        console.info(f"  hint: {doubt.hint}")
    if len(found) > _NAMED:
        console.info(f"warning: {len(found) - _NAMED} more ids look like words of the site")


def _unlisted(id_: str, ids: frozenset[str]) -> Problem:
    near = suggest(id_, ids)
    hint = f"did you mean {near}?" if near else "--only takes the id of a project that is in the manifest"
    return Problem("only_unknown", f"--only {id_!r:.130}: no manifest lists this id", hint)


def _saved_plan(file: str, limit: int) -> list[Problem]:
    """A problem if the file is a saved plan: its `format` decides, not its name.

    The loader reports files that cannot be read.
    """
    try:
        with Path(file).open("rb") as stream:
            start = stream.read(1)
            text = start + stream.read(limit) if start == b"{" else b""
        data = json.loads(text) if text else None
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(data, dict) or data.get("format") != saved.FORMAT:
        return []
    return [
        Problem("saved_plan", "this is a saved plan; saved plans cannot be applied yet",
                "give the manifests that the plan was made from", Position(file))
    ]  # fmt: skip
