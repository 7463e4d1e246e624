"""The options that commands share, and what they make of the settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from mhsync.cli.console import Console
from mhsync.cli.durations import parse_duration

if TYPE_CHECKING:
    from mhsync.core.manifest import Limit
    from mhsync.settings import Settings


@dataclass(frozen=True, slots=True)
class Flags:
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


def _talk() -> list[click.Parameter]:
    """`-v`, `-q` and `--color`: they may stand before the command as well as behind it."""
    return [
        click.Option(
            ["-v", "--verbose"],
            count=True,
            expose_value=False,
            callback=_count_verbose,
            help="Tell more; -vv tells all, tracebacks too.",
        ),
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_set_quiet,
            help="No progress and no notes on stderr.",
        ),
        click.Option(
            ["--color"],
            type=click.Choice(["auto", "always", "never"]),
            expose_value=False,
            callback=_set_color,
            help="auto, which is the default, colours terminals only.",
        ),
    ]


def _output() -> list[click.Parameter]:
    return [
        click.Option(
            ["--format"],
            type=_FORMATS,
            expose_value=False,
            help="json: one JSON document on stdout, whatever the exit code.",
        ),
        *_talk(),
        click.Option(
            ["--log-format"],
            type=_FORMATS,
            expose_value=False,
            callback=_set_log_format,
            help="How log lines on stderr are written.",
        ),
    ]


def _plugins() -> list[click.Parameter]:
    return [click.Option(["--no-plugins"], is_flag=True, help="Load no plugins but the built-in ones.")]


def _api() -> list[click.Parameter]:
    return [
        click.Option(["--api-url"], metavar="URL", help="The API's address; else MHSYNC_API_URL."),
        click.Option(
            ["--api-key-file"],
            metavar="FILE",
            help="A file with the API key; else MAGIC_HOUR_API_KEY, else the vendor's config file.",
        ),
        click.Option(
            ["--rate"],
            metavar="N",
            type=click.FloatRange(0, min_open=True),
            help="Requests a second at most; no limit without it.",
        ),
    ]


def _stored() -> list[click.Parameter]:
    """What every command takes that looks at storages."""
    return [
        click.Option(["--only"], metavar="ID", multiple=True, help="Only this project; may be repeated."),
        click.Option(["--transfers"], metavar="N", type=_AT_ONCE, help="Files worked on at once (8)."),
        *_plugins(),
    ]


def _run() -> list[click.Parameter]:
    return [
        *_stored(),
        click.Option(["--refresh"], is_flag=True, help="Ask the API even for what is settled."),
        click.Option(["--checkers"], metavar="N", type=_AT_ONCE, help="Projects asked for at once (16)."),
        click.Option(
            ["--lock-timeout"],
            metavar="DURATION",
            callback=parsed_by(parse_duration),
            help="How long to wait for another run on the same storage (10m).",
        ),
    ]


_AT_ONCE = click.IntRange(1, 256)
_FORMATS = click.Choice(["text", "json"])
GROUPS: Mapping[str, Callable[[], list[click.Parameter]]] = MappingProxyType(
    {"talk": _talk, "output": _output, "plugins": _plugins, "api": _api, "stored": _stored, "run": _run}
)


def make_command(
    name: str, *params: click.Parameter, groups: Sequence[str] = (), cls: type[click.Command] = click.Command
) -> Callable[[Callable[..., int]], click.Command]:
    """Make a function a command with these parameters, these groups of options, and those of every command.

    The function is called with the voice, then the flags, then its own parameters by name. It returns the exit
    code; its docstring is the help.
    """
    shared = [option for group in (*groups, "output") for option in GROUPS[group]()]

    def decorate(function: Callable[..., int]) -> click.Command:
        @click.pass_context
        def called(ctx: click.Context, /, **given: object) -> int:
            flags = {item.name: given.pop(item.name) for item in fields(Flags) if item.name in given}
            return function(ctx.ensure_object(Console), _flags(flags), **given)

        help_text = inspect.cleandoc(function.__doc__ or "")
        return cls(name, params=[*params, *shared], callback=called, help=help_text)

    return decorate


def _flags(given: dict[str, Any]) -> Flags:
    only = given.pop("only", ())
    return Flags(only=frozenset(only), **given)
