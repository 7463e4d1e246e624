"""The command `mhsync schema`: print a JSON schema."""

from __future__ import annotations

from importlib.resources import files

import click

from mhsync.cli.console import Console
from mhsync.cli.options import output_options, pass_console
from mhsync.core.suggest import suggest
from mhsync.errors import UsageError

_SUFFIX = ".schema.json"


def _names() -> list[str]:
    """The names of all schemas, in alphabetical order."""
    found = (item.name for item in files("mhsync.schemas").iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX))


class _SchemaCommand(click.Command):
    """Its help lists the schemas of the installed package."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - of click
        with formatter.section("Schemas"):
            formatter.write_text(", ".join(_names()))


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in _names() if name.startswith(incomplete)]


@click.command("schema", cls=_SchemaCommand)
@click.argument("name", metavar="NAME", shell_complete=_complete)
@output_options
@pass_console
def command(console: Console, name: str) -> int:
    """Print a JSON schema.

    There is a schema for manifests, one for each document that --format json prints, and one for each file that
    mhsync writes.
    """
    known = _names()
    if name not in known:
        near = suggest(name, known)
        guess = f"did you mean {near}? " if near else ""
        raise UsageError(f"no such schema: {name!r:.80}", hint=f"{guess}the schemas are {', '.join(known)}")
    console.document((files("mhsync.schemas") / f"{name}{_SUFFIX}").read_text(encoding="utf-8").rstrip("\n"))
    return 0
