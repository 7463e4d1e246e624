"""The command `mhsync validate`: check manifests."""

from __future__ import annotations

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_manifest, warn_of_doubts
from mhsync.cli.options import output_options, pass_console
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.units import counted
from mhsync.core.manifest import Manifest, ManifestFile, State
from mhsync.settings import Settings

FORMAT = "mhsync.validation/1"


@click.command("validate")
@files_argument
@output_options
@pass_console
def command(console: Console, files: tuple[str, ...]) -> int:
    """Check manifests, without network access.

    Reports all problems of all files at once, with line and column. FILE can be a folder of manifests.
    """
    manifest = load_manifest(files, Settings())
    warn_of_doubts(console, manifest)
    if console.is_json:
        console.document(dumped(_to_json(manifest)))
        return 0
    for file in manifest.files:
        console.out(f"{escape(file.file)}: valid, {counted(len(file.entries), 'project')}{_by_state(file)}")
    if len(manifest.files) != 1:
        console.out(f"{counted(len(manifest.files), 'manifest')}, {counted(len(manifest), 'project')}")
    return 0


def _states(file: ManifestFile) -> dict[str, int]:
    states = [entry.state for entry in file.entries]
    return {state.value: states.count(state) for state in State}


def _by_state(file: ManifestFile) -> str:
    shown = [f"{count} {state}" for state, count in _states(file).items() if count]
    return f" ({', '.join(shown)})" if shown else ""


def _to_json(manifest: Manifest) -> dict[str, object]:
    return {
        "format": FORMAT,
        "manifests": [
            {"file": file.file, "sha256": file.sha256, "storage": file.storage, "projects": _states(file)}
            for file in manifest.files
        ],
        "projects": len(manifest),
    }
