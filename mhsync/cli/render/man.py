"""The manual page in roff, from the same texts as `--help`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

import click

from mhsync import __version__
from mhsync.exit_codes import ExitCode

_EXIT_CODES = {
    ExitCode.OK: "nothing failed",
    ExitCode.FAILED: "something failed, is blocked, or was not attempted",
    ExitCode.USAGE: "wrong usage or an invalid manifest; no request was sent to the API",
    ExitCode.REFUSED: "refused by a guard, a veto, a missing confirmation or another run; nothing was changed",
    ExitCode.STILL_RENDERING: "still rendering when --wait ended",
    ExitCode.BLOCKED: "nothing failed, and some projects are blocked; only with --fail-on failed",
    ExitCode.INTERRUPTED: "interrupted",
}
_ENVIRONMENT = {
    "MAGIC_HOUR_API_KEY": "The API key.",
    "MHSYNC_API_URL": "The address of the API.",
    "MAGIC_HOUR_CONFIG": "The vendor's config file, where MAGIC_HOUR_API_KEY is not set.",
    "MHSYNC_PLUGINS": "The plugins to load, as distribution names with commas; empty: only the built-in one.",
    "CI": "Whether this is a CI runner, whose folders are removed when the job ends.",
    "HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE": "The proxy and the certificates; never used for loopback addresses.",
    "NO_COLOR, FORCE_COLOR": "Whether output has colours.",
}


def manual_page(root: click.Context, commands: Mapping[str, click.Command]) -> str:
    """The page `mhsync(1)`.

    Args:
        root: the context of the group; the help of the group is the description.
        commands: its commands by name, in their order.
    """
    return "\n".join([
        f'.TH MHSYNC 1 "" "mhsync {__version__}" "User Commands"',
        ".nh",
        ".SH NAME",
        "mhsync \\- keep audio projects in the state that manifests declare",
        ".SH SYNOPSIS",
        ".B mhsync",
        ".I COMMAND",
        "[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...",
        ".SH DESCRIPTION",
        *_paragraphs(root.command.help or ""),
        ".SH COMMANDS",
        *(line for name, command in commands.items() for line in _command(name, command, root)),
        ".SH EXIT STATUS",
        *(line for code, text in _EXIT_CODES.items() for line in (".TP", f".B {code.value}", _escaped(text))),
        ".SH ENVIRONMENT",
        *(line for name, text in _ENVIRONMENT.items() for line in (".TP", f".B {_escaped(name)}", _escaped(text))),
        "",
    ])  # fmt: skip


def _command(name: str, command: click.Command, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, parent, info_name=name)
    usage = " ".join(piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]")
    yield f'.SS "{_escaped(f"{context.command_path} {usage}".strip())}"'
    yield from _paragraphs(command.help or "")
    for option in command.get_params(context):
        record = option.get_help_record(context) if isinstance(option, click.Option) else None
        if record is not None:
            yield from (".TP", f".B {_escaped(record[0])}", _escaped(record[1]))
    if isinstance(command, click.Group):
        for child_name, child in command.commands.items():
            yield from _command(child_name, child, context)


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs of a help text; one that begins with \\b keeps its lines."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        lines = paragraph.splitlines()
        yield ".PP"
        if lines and lines[0] == "\b":
            yield from (".nf", *map(_escaped, lines[1:]), ".fi")
        else:
            yield _escaped(" ".join(line.strip() for line in lines))


def _escaped(text: str) -> str:
    """Text without meaning for roff: a line that begins with a dot or a quote would be a command."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("'", "\\(aq")
    return f"\\&{plain}" if plain.startswith(".") else plain
