"""mhsync plan: show what would change, and why."""

from __future__ import annotations

import click

from mhsync.cli.manifests import Files, load_manifest
from mhsync.cli.options import Flags, make_command
from mhsync.cli.progress import Progress
from mhsync.cli.render.json import dumped
from mhsync.cli.render.text import missing_text, plan_text
from mhsync.cli.running import opened_run
from mhsync.cli.voice import Voice
from mhsync.core.plan import Plan
from mhsync.reconcile.plan import plan

EXIT_FAILED = 1
EXIT_CHANGES = 2


@make_command(
    "plan",
    Files(),
    click.Option(
        ["--detailed-exitcode"],
        is_flag=True,
        help="Exit 0 when there is nothing to change, 2 when there are changes, 1 on any error.",
    ),
    groups=("api", "run"),
)
def command(voice: Voice, flags: Flags, files: tuple[str, ...], detailed_exitcode: bool) -> int:
    """Show what would change, and why.

    Writes to no storage and notifies nobody. With -v the unchanged projects are listed too.
    """
    manifest = load_manifest(files, flags.settings, flags.only)
    progress = Progress(voice)
    with opened_run(voice, flags, progress.watcher) as run:
        found = plan(run, manifest)
    progress.end()
    if voice.is_json:
        voice.document(dumped(found.to_json()))
        voice.tell_lines(missing_text(found, voice.look(voice.err)))
    else:
        voice.say(plan_text(found, voice.look(voice.out), is_verbose=voice.verbose > 0))
    return _exit_code(found, is_detailed=detailed_exitcode)


def _exit_code(found: Plan, *, is_detailed: bool) -> int:
    if found.summary["blocked"] or found.summary["failed"]:
        return EXIT_FAILED
    return EXIT_CHANGES if is_detailed and found.changes else 0
