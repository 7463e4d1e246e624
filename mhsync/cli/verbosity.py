"""`-v`, `-q` and `--color`, which the group takes too.

They have a module of their own, so that `mhsync --version` imports no other option.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from mhsync.cli.console import Console

_Decorator = Callable[[Any], Any]


def _count_verbose(ctx: click.Context, _param: click.Parameter, value: int) -> None:
    ctx.ensure_object(Console).verbose += value


def _set_quiet(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Console).is_quiet = True


def _set_color(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Console).color = value


def joined(*decorators: _Decorator) -> _Decorator:
    """Several decorators as one; their options are listed in this order in the help."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


verbosity_options = joined(
    click.option(
        "-v",
        "--verbose",
        count=True,
        expose_value=False,
        callback=_count_verbose,
        help="Show more; -vv adds debug logs and tracebacks.",
    ),
    click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_set_quiet,
        help="Print no progress and no notes.",
    ),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        expose_value=False,
        callback=_set_color,
        help="When to use colours; auto (the default): only on terminals.",
    ),
)
"""`-v`, `-q` and `--color`: both the group and its commands take them."""
