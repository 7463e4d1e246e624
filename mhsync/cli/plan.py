"""The command `mhsync plan`: show what would change, and why."""

from __future__ import annotations

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_manifest, warn_of_doubts
from mhsync.cli.options import (
    SharedOptions,
    api_options,
    max_deletes_option,
    output_options,
    pass_shared_options,
    run_options,
)
from mhsync.cli.progress import Progress
from mhsync.cli.render.json import dumped
from mhsync.cli.render.text import missing_text, plan_text, refusals_text
from mhsync.cli.run_setup import open_run
from mhsync.core.manifest import Limit
from mhsync.core.plan import Plan
from mhsync.exit_codes import exit_code_of_plan
from mhsync.reconcile.context import ApplyOptions
from mhsync.reconcile.plan import plan


@click.command("plan")
@files_argument
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit 0 if there is nothing to change, 2 if there are changes, 1 on any error.",
)
@max_deletes_option
@api_options
@run_options
@output_options
@pass_shared_options
def command(
    console: Console,
    shared: SharedOptions,
    files: tuple[str, ...],
    detailed_exitcode: bool,
    max_deletes: Limit | None,
) -> int:
    """Show what would change, and why.

    Writes to no storage and sends no notification. Also shows why a guard would refuse to apply the plan.
    With -v unchanged projects are listed too.
    """
    manifest = load_manifest(files, shared.settings, shared.only)
    warn_of_doubts(console, manifest)
    progress = Progress(console)
    with open_run(console, shared, progress) as run:
        decision = plan(run, manifest, ApplyOptions(max_deletes=max_deletes))
    progress.end()
    found, refusals = decision.plan, decision.refusals
    if console.is_json:
        console.document(dumped(found.to_json()))
        style = console.style(console.stderr)
        console.error_lines([*missing_text(found, style), *refusals_text(refusals, style)])
    else:
        style = console.style(console.stdout)
        text = plan_text(found, style, is_verbose=console.verbose > 0)
        console.out("\n".join([text, *refusals_text(refusals, style)]))
    return _exit_code(found, is_detailed=detailed_exitcode)


def _exit_code(found: Plan, *, is_detailed: bool) -> int:
    has_problems = bool(found.summary["blocked"] or found.summary["failed"])
    return exit_code_of_plan(has_problems=has_problems, has_changes=bool(found.changes), is_detailed=is_detailed)
