"""The `mhsync` command group; it imports the module of a command only when the command is used.

`mhsync --version` imports this module, and nothing that only commands need.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from mhsync import __version__
from mhsync.cli.console import Console
from mhsync.cli.verbosity import verbosity_options

if TYPE_CHECKING:
    from mhsync.errors import MhsyncError

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "init": "Write a commented starter manifest.",
        "add": "Add projects to a manifest.",
        "remove": "Remove projects from a manifest.",
        "fmt": "Format manifests.",
        "validate": "Check manifests, without network access.",
        "plan": "Show what would change, and why.",
        "apply": "Apply the plan: download, repair, move and delete.",
        "watch": "Apply manifests again and again, in one process, until Ctrl-C or SIGTERM.",
        "status": "List what is desired, live and stored.",
        "report": "Write the status of all projects as one HTML page.",
        "verify": "Read every stored file and compare it with its receipt.",
        "copy": "Copy all stored outputs and receipts to another storage.",
        "pull": "Bring stored outputs to a folder where they are used.",
        "seen": "List projects that were sighted and that no manifest lists.",
        "inbox": "Receive the vendor's webhooks.",
        "lock": "Write path, size and SHA-256 of every stored output to a lock file.",
        "gc": "List files that nothing needs, and remove them on request.",
        "get": "Show one project as the API returns it.",
        "check": "Show one project; wait for it and download it on request.",
        "delete": "Delete one project from the account permanently.",
        "doctor": "Examine the set-up: versions, plugins, key, API, clock, manifests and storages.",
        "schema": "Print a JSON schema.",
        "completion": "Print a script for completion in a shell.",
        "man": "Print the manual page.",
        "plugins": "List installed plugins, or create a new one.",
        "sandbox": "Run a local server of the API.",
    }
)
"""Name to short help: `mhsync.cli.<name>` has the `command`. A test compares the texts with the commands' own."""

_HELP = """
Keep the audio projects of a Magic Hour account, and your own copies of them, in the state that manifests declare.

To try it without an account: mhsync sandbox run -- mhsync plan FILE
"""
_EXIT_CODES = (
    ("0", "done, or nothing to do"),
    ("1", "a project failed or is blocked, or an error"),
    ("2", "wrong usage or an invalid manifest; no request was sent to the API"),
    ("3", "refused by a guard, a plugin or a missing confirmation; nothing was changed"),
    ("4", "still rendering at the end of --wait"),
    ("5", "projects are blocked, with --fail-on failed"),
    ("130", "interrupted"),
)
"""Listed in the help. docs/commands.md has them in full."""


class Commands(click.Group):
    """The built-in commands, and commands of plugins whose name no built-in command has."""

    def invoke(self, ctx: click.Context) -> object:
        from mhsync.cli.logs import logging_to

        with logging_to(ctx.ensure_object(Console)):
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._add_plugin_commands(ctx)
        return [*COMMANDS, *sorted(set(self.commands) - set(COMMANDS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            return _imported(cmd_name)
        self._add_plugin_commands(ctx)
        return self.commands.get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None and not ctx.resilient_parsing:
            from mhsync.core.suggest import suggest
            from mhsync.errors import UsageError

            near = suggest(name, self.list_commands(ctx))
            hint = f"did you mean '{near}'?" if near else "mhsync --help lists the commands"
            raise UsageError(f"no such command: {name!r:.80}", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        names = [name for name in self.list_commands(ctx) if name not in COMMANDS]
        shown = [(name, self.commands[name]) for name in names if not self.commands[name].hidden]
        if shown:
            with formatter.section("Commands of plugins"):
                formatter.write_dl([(name, command.get_short_help_str()) for name, command in shown])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - of click
        with formatter.section("Exit codes"):
            formatter.write_dl(_EXIT_CODES)

    def _add_plugin_commands(self, ctx: click.Context) -> None:
        """Let plugins add their commands; a broken plugin causes a warning, not an error."""
        console = ctx.ensure_object(Console)
        if self.commands or "--no-plugins" in console.args:
            return
        from mhsync.cli.plugin_loading import has_plugins, load_hooks
        from mhsync.cli.render.terminal import escape
        from mhsync.errors import MhsyncError

        if not has_plugins(console.environ):
            return

        try:
            errors: Sequence[MhsyncError] = load_hooks(console, is_enabled=True).add_commands(self)
        except MhsyncError as broken:
            errors = [broken]
        for error in errors:
            console.info(console.redact(f"warning: {escape(error.message)}"))


def _imported(name: str) -> click.Command:
    """The command, from its module.

    What an import creates is kept until the process ends. The garbage collector would visit it again and again,
    during the import and after it.
    """
    module = f"mhsync.cli.{name}"
    if module not in sys.modules:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            importlib.import_module(module)
        finally:
            if was_enabled:
                gc.enable()
        gc.freeze()
    command: click.Command = sys.modules[module].command
    return command


def make_group() -> click.Group:
    """Create the group; each run has its own, because plugins add commands to it."""

    @click.group(
        "mhsync",
        cls=Commands,
        help=_HELP,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    @verbosity_options
    @click.version_option(__version__, message="mhsync %(version)s")
    def mhsync() -> None:
        """Does nothing itself: the callbacks of its options configure the console."""

    return mhsync
