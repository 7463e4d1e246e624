"""The command `mhsync schema`: print a JSON schema."""

from __future__ import annotations

from importlib.resources import files

import click

from mhsync.cli.console import Console
from mhsync.cli.options import output_options, pass_console
from mhsync.core.suggest import suggest
from mhsync.errors import UsageError

_SUFFIX = ".schema.json"


@click.command("schema")
@click.argument("name", metavar="NAME")
@output_options
@pass_console
def command(console: Console, name: str) -> int:
    """Print a JSON schema.

    There is a schema for manifests, and one for each document that --format json prints.
    """
    folder = files("mhsync.schemas")
    known = sorted(item.name.removesuffix(_SUFFIX) for item in folder.iterdir() if item.name.endswith(_SUFFIX))
    if name not in known:
        near = suggest(name, known)
        guess = f"did you mean {near}? " if near else ""
        raise UsageError(f"no such schema: {name!r:.80}", hint=f"{guess}the schemas are {', '.join(known)}")
    console.document((folder / f"{name}{_SUFFIX}").read_text(encoding="utf-8").rstrip("\n"))
    return 0
