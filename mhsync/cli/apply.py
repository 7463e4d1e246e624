"""The command `mhsync apply`: apply the plan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import click

from mhsync.cli.arguments import files_argument
from mhsync.cli.console import Console
from mhsync.cli.durations import DEFAULT_WAIT, WaitCommand, parse_duration
from mhsync.cli.event_lines import EventLines
from mhsync.cli.github import add_summary, set_outputs
from mhsync.cli.manifests import load_saved, load_selected, warn_of_doubts
from mhsync.cli.options import (
    SharedOptions,
    api_options,
    bwlimit_option,
    fail_on_option,
    max_deletes_option,
    output_options_with,
    parsed_by,
    pass_shared_options,
    run_options,
)
from mhsync.cli.progress import Progress
from mhsync.cli.prompt import confirm_deletes
from mhsync.cli.render.json import dumped_pieces
from mhsync.cli.render.markdown import report_markdown
from mhsync.cli.render.terminal import escape
from mhsync.cli.render.text import missing_text, plan_text, report_text
from mhsync.cli.run_setup import open_run
from mhsync.core.manifest import Limit, Manifest
from mhsync.core.plan import Plan
from mhsync.core.run_report import Report
from mhsync.errors import UsageError
from mhsync.exit_codes import FailOn
from mhsync.reconcile.ci_environment import github_step
from mhsync.reconcile.context import ApplyOptions
from mhsync.reconcile.git_ignore import ignore_line, is_ignored, new_storages
from mhsync.reconcile.plan_file_detection import is_saved_plan
from mhsync.reconcile.prepare import prepare


@click.command("apply", cls=WaitCommand)
@files_argument
@click.option("--yes", is_flag=True, help="Delete without asking for confirmation.")
@click.option("--no-deletes", is_flag=True, help="Skip deletes; download, repair and move as planned.")
@max_deletes_option
@fail_on_option
@click.option(
    "--wait",
    metavar="[DURATION]",
    callback=parsed_by(parse_duration),
    help=f"Wait for renders, such as 90s, 10m or 1h30m ({DEFAULT_WAIT} without a duration); exit 4 if some are "
    "still rendering then.",
)
@bwlimit_option
@api_options
@run_options
@output_options_with("ndjson", "markdown")
@pass_shared_options
def command(
    console: Console,
    shared: SharedOptions,
    files: tuple[str, ...],
    yes: bool,
    no_deletes: bool,
    max_deletes: Limit | None,
    fail_on: str,
    wait: float | None,
) -> int:
    """Apply the plan: download, repair, move and delete.

    FILE is a manifest or a folder of manifests; or one saved plan (`mhsync plan --out`): then only its actions are
    done, and none if a manifest changed or an action no longer fits (exit 3).

    Asks on a terminal to confirm deletes, unless a manifest's policy allows or forbids them; without a terminal,
    deletes need --yes. A second run finds nothing to do.
    """
    options = ApplyOptions(no_deletes=no_deletes, max_deletes=max_deletes, wait=wait)
    manifest, shared, options = _loaded(files, shared, options)
    warn_of_doubts(console, manifest)
    new = [] if console.is_quiet else new_storages(manifest)
    lines = EventLines(console) if console.format == "ndjson" else None
    with (
        Progress(console, also=lines) as progress,
        open_run(console, shared, progress) as run,
        prepare(run, manifest, options) as prepared,
    ):
        progress.end()
        if lines is not None:
            lines.plan(prepared.plan)
        _show(console, prepared.plan)
        prepared.require_allowed()
        confirmed = yes or confirm_deletes(console, prepared.deletes_to_confirm, prepared.deletes)
        progress.expect(prepared.plan.changes)
        report = prepared.execute(confirmed=confirmed)
    code = report.exit_code_for(FailOn(fail_on))
    _report_to_github(console, report)
    if lines is None:
        _write_report(console, report)
    else:
        lines.report(report, code)
    _propose_ignoring(console, new, shared.settings.run.git_timeout)
    return code


def _propose_ignoring(console: Console, new: Sequence[tuple[str, str]], timeout: float) -> None:
    """After the first apply into a folder of a git work tree: print the line that makes git ignore it."""
    for storage, folder in new:
        wanted = ignore_line(storage, folder)
        if wanted is not None and is_ignored(storage, console.environ, timeout=timeout) is False:
            file, line = escape(os.path.relpath(wanted.file)), escape(wanted.line)
            console.info(f"git does not ignore the storage; add this line to {file}: {line}")


def _loaded(
    files: tuple[str, ...], shared: SharedOptions, options: ApplyOptions
) -> tuple[Manifest, SharedOptions, ApplyOptions]:
    """The manifests, and the options with the projects of `--only` and with the saved plan, if the file is one."""
    if len(files) != 1 or not is_saved_plan(files[0]):
        manifest, shared = load_selected(files, shared)
        return manifest, shared, options
    if options.wait is not None:
        raise UsageError("--wait cannot be used with a saved plan", hint="give the manifests instead")
    manifest, saved, shared = load_saved(files[0], shared)
    return manifest, shared, replace(options, saved=saved)


def _report_to_github(console: Console, report: Report) -> None:
    """Show the report in the summary of the GitHub Actions job, if this is one."""
    step = github_step(console.environ)
    if step is not None:
        add_summary(step, report_markdown(report))
        set_outputs(step, report.summary)


def _write_report(console: Console, report: Report) -> None:
    if console.format == "markdown":
        console.document(report_markdown(report).rstrip("\n"))
    elif console.is_json:
        console.document_pieces(dumped_pieces(report.lazy_json()))
    else:
        console.out(report_text(report, console.style(console.stdout), is_verbose=console.verbose > 0))


def _show(console: Console, plan: Plan) -> None:
    if console.format != "text" or not plan.changes:
        console.error_lines(missing_text(plan, console.style(console.stderr)))
    else:
        console.out(plan_text(plan, console.style(console.stdout), is_verbose=console.verbose > 0) + "\n")
