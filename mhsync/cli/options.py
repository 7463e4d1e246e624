"""The options that commands share, as click decorators, and the settings that follow from them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mhsync.cli.console import Console
from mhsync.cli.durations import parse_duration

if TYPE_CHECKING:
    from mhsync.core.manifest import Limit
    from mhsync.settings import Settings


_Function = TypeVar("_Function", bound=Callable[..., Any])
_Decorator = Callable[[_Function], _Function]


@dataclass(frozen=True, slots=True)
class SharedOptions:
    """What the shared options of one command were; those that it does not have keep their defaults."""

    api_url: str | None = None
    api_key_file: str | None = None
    rate: float | None = None
    checkers: int | None = None
    transfers: int | None = None
    lock_timeout: float | None = None
    no_plugins: bool = False
    only: frozenset[str] = field(default_factory=frozenset)
    refresh: bool = False

    @property
    def settings(self) -> Settings:
        """The settings with what the flags replace."""
        from mhsync.settings import Settings

        settings = Settings()
        run = replace(
            settings.run,
            checkers=self.checkers or settings.run.checkers,
            transfers=self.transfers or settings.run.transfers,
            lock_timeout=settings.run.lock_timeout if self.lock_timeout is None else self.lock_timeout,
        )
        return replace(
            settings,
            run=run,
            pace=replace(settings.pace, rate=self.rate) if self.rate is not None else settings.pace,
            http=replace(settings.http, pool=max(settings.http.pool, run.checkers, run.transfers)),
        )


def parsed_by(parse: Callable[[str], object]) -> Callable[[click.Context, click.Parameter, Any], object]:
    """A callback that reads a parameter's text, and turns `ValueError` into a usage error."""

    def read(ctx: click.Context, param: click.Parameter, value: Any) -> object:
        if value is None:
            return None
        try:
            return parse(str(value))
        except ValueError as error:
            raise click.BadParameter(str(error), ctx=ctx, param=param) from None

    return read


def parse_limit(text: str) -> Limit:
    """`20` or `30%`, as `--max-deletes` takes it."""
    from mhsync.core.manifest import Limit

    return Limit.parse(text)


def _count_verbose(ctx: click.Context, _param: click.Parameter, value: int) -> None:
    ctx.ensure_object(Console).verbose += value


def _set_quiet(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Console).is_quiet = True


def _set_color(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Console).color = value


def _set_log_format(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Console).log_format = value


def _joined(*decorators: _Decorator[Any]) -> _Decorator[Any]:
    """Several decorators as one; their options are listed in this order in the help."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


_COUNT = click.IntRange(1, 256)
_FORMATS = click.Choice(["text", "json"])

verbosity_options = _joined(
    click.option(
        "-v",
        "--verbose",
        count=True,
        expose_value=False,
        callback=_count_verbose,
        help="Tell more; -vv tells all, tracebacks too.",
    ),
    click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_set_quiet,
        help="No progress and no notes on stderr.",
    ),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        expose_value=False,
        callback=_set_color,
        help="auto, which is the default, colours terminals only.",
    ),
)
"""`-v`, `-q` and `--color`: both the group and its commands take them."""

output_options = _joined(
    click.option(
        "--format",
        type=_FORMATS,
        expose_value=False,
        help="json: one JSON document on stdout, whatever the exit code.",
    ),
    verbosity_options,
    click.option(
        "--log-format",
        type=_FORMATS,
        expose_value=False,
        callback=_set_log_format,
        help="How log lines on stderr are written.",
    ),
)
"""What every command takes. The console reads `--format` itself, before click does."""

plugins_option = click.option("--no-plugins", is_flag=True, help="Load no plugins but the built-in ones.")

api_options = _joined(
    click.option("--api-url", metavar="URL", help="The API's address; else MHSYNC_API_URL."),
    click.option(
        "--api-key-file",
        metavar="FILE",
        help="A file with the API key; else MAGIC_HOUR_API_KEY, else the vendor's config file.",
    ),
    click.option(
        "--rate",
        metavar="N",
        type=click.FloatRange(0, min_open=True),
        help="Requests a second at most; no limit without it.",
    ),
)
"""What every command takes that calls the API."""

storage_options = _joined(
    click.option(
        "--only",
        metavar="ID",
        multiple=True,
        callback=lambda _ctx, _param, ids: frozenset(ids),
        help="Only this project; may be repeated.",
    ),
    click.option("--transfers", metavar="N", type=_COUNT, help="Files worked on at once (8)."),
    plugins_option,
)
"""What every command takes that opens storages."""

run_options = _joined(
    storage_options,
    click.option("--refresh", is_flag=True, help="Ask the API even for what is settled."),
    click.option("--checkers", metavar="N", type=_COUNT, help="Projects asked for at once (16)."),
    click.option(
        "--lock-timeout",
        metavar="DURATION",
        callback=parsed_by(parse_duration),
        help="How long to wait for another run on the same storage (10m).",
    ),
)
"""What `plan` and `apply` take."""

max_deletes_option = click.option(
    "--max-deletes",
    metavar="N|N%",
    callback=parsed_by(parse_limit),
    help="Refuse more deletes than this; replaces each manifest's own limit.",
)

show_urls_option = click.option(
    "--show-urls", is_flag=True, help="Show download links whole; whoever has one can download."
)

pass_console = click.make_pass_decorator(Console, ensure=True)
"""Call a command's function with the console in front of its parameters."""


def pass_shared_options(function: Callable[..., int]) -> Callable[..., int]:
    """Call a command's function with the shared options in front of its own parameters."""

    @functools.wraps(function)
    def call(console: Console, /, **values: Any) -> int:
        shared = {item.name: values.pop(item.name) for item in fields(SharedOptions) if item.name in values}
        return function(console, SharedOptions(**shared), **values)

    return pass_console(call)
