"""The command `mhsync doctor`: examine the set-up."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from mhsync.api.credentials import find_key
from mhsync.cli.console import Console
from mhsync.cli.manifests import load_manifest
from mhsync.cli.options import SharedOptions, api_options, output_options, pass_shared_options, plugins_option
from mhsync.cli.plugin_loading import load_hooks
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import Color, Style, escape, padded, wrapped
from mhsync.cli.run_setup import open_client
from mhsync.core.manifest import Manifest
from mhsync.errors import ManifestError, MhsyncError
from mhsync.exit_codes import ExitCode
from mhsync.reconcile.context import Stop
from mhsync.reconcile.doctor import (
    Finding,
    Health,
    examine_api,
    examine_plugins,
    examine_storages,
    examine_versions,
)

FORMAT = "mhsync.doctor/1"
_COLORS = {Health.OK: Color.GREEN, Health.WARNING: Color.YELLOW, Health.FAILED: Color.BOLD_RED}
_SUBJECT = 8
"""Columns of a subject."""


@click.command("doctor")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=str))
@plugins_option
@api_options
@output_options
@pass_shared_options
def command(console: Console, shared: SharedOptions, files: tuple[str, ...]) -> int:
    """Examine the set-up: versions, plugins, key, API, clock, manifests and storages.

    Prints a line for each, and what to do. Writes one small file into each storage of the manifests and removes
    it. Exits 1 if something failed.
    """
    findings: list[Finding] = []
    width = console.style(console.stdout)
    for finding in _examine(console, shared, files):
        findings.append(_redacted(console, finding))
        if not console.is_json:
            console.out("\n".join(_lines(findings[-1], width)))
    if console.is_json:
        console.document(dumped({"format": FORMAT, "findings": [finding.to_json() for finding in findings]}))
    has_failed = any(finding.health is Health.FAILED for finding in findings)
    return ExitCode.FAILED if has_failed else ExitCode.OK


def _examine(console: Console, shared: SharedOptions, files: tuple[str, ...]) -> Iterator[Finding]:
    yield examine_versions()
    hooks = load_hooks(console, is_enabled=not shared.no_plugins)
    yield from examine_plugins(hooks)
    yield from _examine_api(console, shared)
    manifest = Manifest()
    for file in files:
        try:
            loaded = load_manifest([file], shared.settings)
        except ManifestError as error:
            yield from (Finding.failed("manifest", problem) for problem in error.problems)
        else:
            yield Finding("manifest", Health.OK, f"{file} is valid")
            manifest = Manifest((*manifest.files, *loaded.files))
    yield from examine_storages(hooks, manifest)


def _examine_api(console: Console, shared: SharedOptions) -> Iterator[Finding]:
    try:
        origin = find_key(console.environ, shared.api_key_file).origin
        with open_client(console, shared, Stop()) as client:
            yield from examine_api(client, origin, time.time())
    except MhsyncError as error:
        yield Finding.failed("key", error.problem)


def _redacted(console: Console, finding: Finding) -> Finding:
    hint = None if finding.hint is None else console.redact(finding.hint)
    return Finding(finding.subject, finding.health, console.redact(finding.message), hint)


def _lines(finding: Finding, style: Style) -> list[str]:
    """`ok       storage  …`, and a line with what to do."""
    margin = " " * 9
    start = style.paint(padded(finding.health.value, 7), _COLORS[finding.health])
    inset = f"{margin}{' ' * (_SUBJECT + 2)}"
    room = style.width - len(inset)
    first, *rest = wrapped(escape(finding.message), room)
    lines = [f"{start}  {padded(finding.subject, _SUBJECT)}  {first}", *(f"{inset}{line}" for line in rest)]
    hint = [] if finding.hint is None else wrapped(f"hint: {escape(finding.hint)}", room)
    return [*lines, *(f"{inset}{line}" for line in hint)]
