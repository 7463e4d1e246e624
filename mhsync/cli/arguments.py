"""The arguments that commands share, as click decorators."""

from __future__ import annotations

import click

from mhsync.cli.options import parsed_by
from mhsync.core.project import is_valid_id
from mhsync.errors import UsageError


def parse_id(text: str) -> str:
    """A project's id; an invalid one is never sent to the API.

    Raises:
        ValueError: it is not a valid id.
    """
    if not is_valid_id(text):
        raise ValueError(f"{text!r:.80} is not a valid project id: use 1 to 128 letters, digits, '-' and '_'")
    return text


def _require_files(ctx: click.Context, _param: click.Parameter, files: tuple[str, ...]) -> tuple[str, ...]:
    """click's own error for a missing argument has no hint."""
    if not files and not ctx.resilient_parsing:
        raise UsageError("no manifest was given", hint=f"give files or folders: {ctx.command_path} mhsync.yaml")
    return files


files_argument = click.argument(
    "files", nargs=-1, metavar="FILE...", type=click.Path(path_type=str), callback=_require_files
)
"""`FILE…`: at least one manifest, or a folder of them."""

project_id_argument = click.argument("id", metavar="ID", callback=parsed_by(parse_id))
"""`ID`."""
