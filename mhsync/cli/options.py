"""The options that commands share, as click decorators, and the settings that follow from them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import field, fields, replace
from typing import TYPE_CHECKING, Any

import click

from mhsync.cli.completion_values import FILE_NAME, complete_selectors
from mhsync.cli.console import Console
from mhsync.cli.durations import parse_duration
from mhsync.cli.rates import parse_rate
from mhsync.cli.verbosity import joined, verbosity_options
from mhsync.dataclass import dataclass

if TYPE_CHECKING:
    from mhsync.core.manifest import Limit
    from mhsync.settings import Settings


@dataclass(frozen=True, slots=True)
class SharedOptions:
    """The values of the shared options; options that a command does not have keep their defaults."""

    api_url: str | None = None
    api_key_file: str | None = None
    rate: float | None = None
    checkers: int | None = None
    transfers: int | None = None
    lock_timeout: float | None = None
    bwlimit: float | None = None
    no_plugins: bool = False
    only: frozenset[str] = field(default_factory=frozenset)
    refresh: bool = False
    every: float | None = None

    @property
    def settings(self) -> Settings:
        """The default settings, with the values of the options in place."""
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
            watch=replace(settings.watch, every=self.every or settings.watch.every),
            download=replace(settings.download, bandwidth=self.bwlimit or None),
            http=replace(settings.http, pool=max(settings.http.pool, run.checkers, run.transfers)),
        )


def parsed_by(parse: Callable[[str], object]) -> Callable[[click.Context, click.Parameter, Any], object]:
    """Make a click callback of a parser; its `ValueError` becomes a usage error."""

    def read(ctx: click.Context, param: click.Parameter, value: Any) -> object:
        if value is None:
            return None
        try:
            return parse(str(value))
        except ValueError as error:
            raise click.BadParameter(str(error), ctx=ctx, param=param) from None

    return read


def output_file(text: str) -> str:
    """The name of a file to write. `-` is refused: it would be a file of that name.

    Raises:
        ValueError: it is `-`.
    """
    if text == "-":
        raise ValueError("'-' is not a file name; standard output has the result in the format of --format")
    return text


def parse_limit(text: str) -> Limit:
    """Parse the value of `--max-deletes`: `20` or `30%`."""
    from mhsync.core.manifest import Limit

    return Limit.parse(text)


def _set_log_format(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Console).log_format = value


_COUNT = click.IntRange(1, 256)
_FORMATS = ["text", "json"]
_FORMAT_HELP = {
    "json": "json: print exactly one JSON document to stdout, whatever the exit code.",
    "ndjson": "ndjson: a JSON object on each line, as things happen.",
    "csv": "csv: for spreadsheets; RFC 4180.",
    "markdown": "markdown: for the comment of a pull request.",
}


def output_options_with(*formats: str) -> Callable[[Any], Any]:
    """The options of every command, with these values of `--format` in addition to text and json.

    The console reads `--format` itself, before click does.
    """
    return joined(
        click.option(
            "--format",
            type=click.Choice([*_FORMATS, *formats]),
            expose_value=False,
            help=" ".join(_FORMAT_HELP[name] for name in ("json", *formats)),
        ),
        verbosity_options,
        click.option(
            "--log-format",
            type=click.Choice(_FORMATS),
            expose_value=False,
            callback=_set_log_format,
            help="Format of the log lines on stderr.",
        ),
    )


output_options = output_options_with()
"""The options of every command with the formats text and json."""

plugins_option = click.option("--no-plugins", is_flag=True, help="Load only the built-in plugins.")

api_url_option = click.option("--api-url", metavar="URL", help="Address of the API (default: MHSYNC_API_URL).")

locked_option = click.option(
    "--locked", is_flag=True, help="Refuse stored outputs that differ from the lock files of the manifests."
)

api_options = joined(
    api_url_option,
    click.option(
        "--api-key-file",
        metavar="FILE",
        type=FILE_NAME,
        help="File with the API key (default: MAGIC_HOUR_API_KEY, then the vendor's config file).",
    ),
    click.option(
        "--rate",
        metavar="N",
        type=click.FloatRange(0, min_open=True),
        help="Maximum number of requests per second (default: no limit).",
    ),
)
"""The options of every command that calls the API."""

bwlimit_option = click.option(
    "--bwlimit",
    metavar="RATE",
    callback=parsed_by(parse_rate),
    help="Maximum rate of all downloads together in bytes per second, such as 500k or 10M; k, M and G are powers "
    "of 1024 (default: no limit).",
)

transfers_option = click.option(
    "--transfers", metavar="N", type=_COUNT, help="Number of files to process in parallel (default: 8)."
)

storage_options = joined(
    click.option(
        "--only",
        metavar="SELECTOR",
        multiple=True,
        callback=lambda _ctx, _param, ids: frozenset(ids),
        shell_complete=complete_selectors,
        help="Process only these projects: an id, a pattern such as 'a-*', state:archived, or tag:NAME; can be "
        "repeated.",
    ),
    transfers_option,
    plugins_option,
)
"""The options of every command that opens storages."""

lock_timeout_option = click.option(
    "--lock-timeout",
    metavar="DURATION",
    callback=parsed_by(parse_duration),
    help="Maximum time to wait for another run on the same storage, such as 90s, 10m or 1h30m (default: 10m).",
)

run_options = joined(
    storage_options,
    click.option("--refresh", is_flag=True, help="Query the API even for projects already known to be done."),
    click.option("--checkers", metavar="N", type=_COUNT, help="Number of parallel API queries (default: 16)."),
    lock_timeout_option,
)
"""The options of `plan`, `apply` and `status`."""

max_deletes_option = click.option(
    "--max-deletes",
    metavar="N|N%",
    callback=parsed_by(parse_limit),
    help="Refuse a plan with more deletes than this; replaces the limit of each manifest.",
)

fail_on_option = click.option(
    "--fail-on",
    type=click.Choice(["blocked", "failed"]),
    default="blocked",
    help="blocked (default): failed and blocked projects exit 1; failed: only failed ones exit 1, "
    "blocked ones exit 5.",
)

show_urls_option = click.option(
    "--show-urls",
    is_flag=True,
    help="Show complete download links; anyone with such a link can download the file.",
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
