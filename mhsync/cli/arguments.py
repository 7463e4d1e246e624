"""Arguments that several commands take."""

from __future__ import annotations

import click

from mhsync.cli.options import parse_limit, parsed_by
from mhsync.core.project import is_valid_id


def parse_id(text: str) -> str:
    """A project's id; what cannot be one is never sent anywhere.

    Raises:
        ValueError: it cannot be one.
    """
    if not is_valid_id(text):
        raise ValueError(f"{text!r:.80} is no project id: 1 to 128 letters, digits, '-' and '_'")
    return text


def project_id() -> click.Argument:
    """`ID`."""
    return click.Argument(["id"], metavar="ID", callback=parsed_by(parse_id))


def max_deletes() -> click.Option:
    """`--max-deletes`."""
    return click.Option(
        ["--max-deletes"],
        metavar="N|N%",
        callback=parsed_by(parse_limit),
        help="Refuse more deletes than this; replaces each manifest's own limit.",
    )


def show_urls() -> click.Option:
    """`--show-urls`."""
    return click.Option(
        ["--show-urls"], is_flag=True, help="Show download links whole; whoever has one can download."
    )
