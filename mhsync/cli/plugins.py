"""The commands `mhsync plugins`: list installed plugins; and `mhsync plugins new`: create a plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from mhsync.cli.console import Console
from mhsync.cli.options import SharedOptions, output_options, pass_console, pass_shared_options, plugins_option
from mhsync.cli.plugin_loading import load_hooks
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import Color, Style, escape
from mhsync.hooks.manager import PluginInfo
from mhsync.hooks.schemes import NOTIFIERS, STORAGES
from mhsync.testing.scaffold import Written, write

FORMAT = "mhsync.plugins/1"
PACKAGE_FORMAT = "mhsync.package/1"
_TAKEN = frozenset(
    ("mhsync", "file", *STORAGES, *(package.name for package in (*STORAGES.values(), *NOTIFIERS.values())))
)
"""The names and schemes that mhsync and its own plugins use."""


@click.group("plugins", invoke_without_command=True)
@plugins_option
@output_options
@pass_shared_options
def command(console: Console, shared: SharedOptions) -> int:
    """List installed plugins, or create a new one.

    Shows the package, the hooks and the schemes of each plugin, and why a plugin could not be loaded. Exits 1 if
    a plugin is broken.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return 0
    plugins = load_hooks(console, is_enabled=not shared.no_plugins).examined_plugins()
    if console.is_json:
        console.document(dumped({"format": FORMAT, "plugins": [_to_json(plugin) for plugin in plugins]}))
    else:
        style = console.style(console.stdout)
        console.out("\n".join(line for plugin in plugins for line in _lines(plugin, style)))
    return 1 if any(plugin.error is not None for plugin in plugins) else 0


@command.command("new")
@click.argument("name", metavar="NAME")
@output_options
@pass_console
def new(console: Console, name: str) -> int:
    """Create a new storage plugin in the folder NAME.

    The folder becomes a Python package with a complete storage and its tests. NAME is the name of the package,
    such as mhsync-shelf; the URLs of its storage then begin with shelf://.
    """
    written = write(name, Path(), taken=_TAKEN)
    if console.is_json:
        console.document(dumped(_written_to_json(written)))
        return 0
    console.out("\n".join([f"Wrote {name}:", *(f"  {file}" for file in written.files)]))
    console.out("\n".join(["", "Next:", *(f"  {line}" for line in _next(written))]))
    return 0


def _lines(plugin: PluginInfo, style: Style) -> Iterator[str]:
    version = "built in" if plugin.version is None else escape(plugin.version)
    yield f"{style.paint(escape(plugin.name), Color.BOLD)}  {version}  ({escape(plugin.module)})"
    if plugin.hooks:
        yield f"  hooks    {escape(', '.join(plugin.hooks))}"
    if plugin.schemes:
        yield f"  schemes  {escape(', '.join(plugin.schemes))}"
    if plugin.error is not None:
        yield f"  {style.paint('error', Color.BOLD_RED)}    {escape(plugin.error)}"


def _to_json(plugin: PluginInfo) -> dict[str, object]:
    return {
        "name": plugin.name,
        "version": plugin.version,
        "module": plugin.module,
        "hooks": list(plugin.hooks),
        "schemes": list(plugin.schemes),
        "error": plugin.error,
    }


def _next(written: Written) -> list[str]:
    """The commands to run next."""
    return [f"cd {written.names.distribution}", "python -m pip install -e '.[test]'", "python -m pytest"]


def _written_to_json(written: Written) -> dict[str, object]:
    return {
        "format": PACKAGE_FORMAT,
        "name": written.names.distribution,
        "package": written.names.package,
        "scheme": written.names.scheme,
        "folder": str(written.folder),
        "files": list(written.files),
        "next": _next(written),
    }
