"""The command `mhsync plan`: show what would change, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.completion_values import FILE_NAME
from mhsync.cli.console import Console
from mhsync.cli.durations import parse_moment
from mhsync.cli.manifests import load_selected, warn_of_doubts
from mhsync.cli.options import (
    SharedOptions,
    api_options,
    fail_on_option,
    locked_option,
    max_deletes_option,
    output_file,
    output_options_with,
    parsed_by,
    pass_shared_options,
    run_options,
)
from mhsync.cli.progress import Progress
from mhsync.cli.render.json import dumped_pieces
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.text import missing_text, plan_text, refusals_text, warnings_text
from mhsync.cli.run_setup import open_run
from mhsync.core.manifest import Limit
from mhsync.errors import UsageError
from mhsync.exit_codes import FailOn, exit_code_of_plan
from mhsync.reconcile.ci_environment import github_step
from mhsync.reconcile.context import ApplyOptions
from mhsync.reconcile.plan import plan

if TYPE_CHECKING:
    from mhsync.cli.render.terminal import Style
    from mhsync.reconcile.decide import Decision


@click.command("plan")
@files_argument
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit 0 if there is nothing to change, 2 if there are changes, 3 if a guard refuses, 1 on any error.",
)
@click.option(
    "--out",
    metavar="PLAN.json",
    type=FILE_NAME,
    callback=parsed_by(output_file),
    help="Also save the plan to this file; `mhsync apply PLAN.json` then does only what is in it.",
)
@click.option(
    "--at",
    metavar="DATE",
    callback=parsed_by(parse_moment),
    help="Show the plan as of this day (its end, UTC) or time, such as 2026-12-31; matters for `retain`.",
)
@locked_option
@max_deletes_option
@fail_on_option
@api_options
@run_options
@output_options_with("markdown")
@pass_shared_options
def command(
    console: Console,
    shared: SharedOptions,
    files: tuple[str, ...],
    detailed_exitcode: bool,
    out: str | None,
    at: datetime | None,
    locked: bool,
    max_deletes: Limit | None,
    fail_on: str,
) -> int:
    """Show what would change, and why.

    Writes to no storage and sends no notification. Also shows why a guard would refuse to apply the plan.
    With -v unchanged projects are listed too.
    """
    if at is not None and out is not None:
        raise UsageError("--at cannot be used with --out", hint="apply judges retention at its own time")
    manifest, shared = load_selected(files, shared)
    warn_of_doubts(console, manifest)
    with Progress(console) as progress, open_run(console, shared, progress) as run:
        if locked:
            from mhsync.reconcile.lock import check_locked

            check_locked(run, run.hooks, manifest, run.only)
        decision = plan(replace(run, at=at), manifest, ApplyOptions(max_deletes=max_deletes))
    found, refusals = decision.plan, decision.refusals
    if out is not None:
        from mhsync.reconcile.plan_file import save_plan

        save_plan(found, out)
    _report_to_github(console, decision)
    if console.format == "markdown":
        from mhsync.cli.render.markdown import plan_markdown

        console.document(plan_markdown(found, refusals, decision.warnings).rstrip("\n"))
    elif console.is_json:
        console.document_pieces(dumped_pieces(decision.lazy_json()))
        style = console.style(console.stderr)
        console.error_lines([*missing_text(found, style), *_problems(decision, style)])
    else:
        style = console.style(console.stdout)
        text = plan_text(found, style, is_verbose=console.verbose > 0)
        console.out("\n".join([text, *_problems(decision, style)]))
    if out is not None:
        console.info(f"The plan was saved to {escape(out)}.")
    return exit_code_of_plan(
        has_failed=bool(found.summary["failed"]),
        has_blocked=bool(found.summary["blocked"]),
        has_changes=bool(found.changes),
        is_refused=bool(refusals),
        is_detailed=detailed_exitcode,
        fail_on=FailOn(fail_on),
    )


def _problems(decision: Decision, style: Style) -> list[str]:
    return [*warnings_text(decision.warnings, style), *refusals_text(decision.refusals, style)]


def _report_to_github(console: Console, decision: Decision) -> None:
    """Show the plan in the summary of the GitHub Actions job, if this is one."""
    step = github_step(console.environ)
    if step is None:
        return
    from mhsync.cli.github import add_summary, set_outputs
    from mhsync.cli.render.markdown import plan_markdown

    add_summary(step, plan_markdown(decision.plan, decision.refusals, decision.warnings))
    set_outputs(step, {**decision.plan.summary, "refusals": len(decision.refusals)})
