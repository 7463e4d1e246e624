"""mhsync plugins: list what is plugged in."""

from __future__ import annotations

from collections.abc import Iterator

from mhsync.cli.options import Flags, make_command
from mhsync.cli.plugged import load_hooks
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import Color, Look, escape
from mhsync.cli.voice import Voice
from mhsync.hooks.manager import PluginInfo

FORMAT = "mhsync.plugins/1"


@make_command("plugins", groups=("plugins",))
def command(voice: Voice, flags: Flags) -> int:
    """List what is plugged in.

    Tells from which package it comes, which hooks and schemes it has, and what failed to load. Exits 1 when a
    plugin is broken.
    """
    plugins = load_hooks(voice, is_enabled=not flags.no_plugins).plugins
    if voice.is_json:
        voice.document(dumped({"format": FORMAT, "plugins": [_to_json(plugin) for plugin in plugins]}))
    else:
        look = voice.look(voice.out)
        voice.say("\n".join(line for plugin in plugins for line in _lines(plugin, look)))
    return 1 if any(plugin.error is not None for plugin in plugins) else 0


def _lines(plugin: PluginInfo, look: Look) -> Iterator[str]:
    version = "built in" if plugin.version is None else escape(plugin.version)
    yield f"{look.paint(escape(plugin.name), Color.BOLD)}  {version}  ({escape(plugin.module)})"
    if plugin.hooks:
        yield f"  hooks    {escape(', '.join(plugin.hooks))}"
    if plugin.schemes:
        yield f"  schemes  {escape(', '.join(plugin.schemes))}"
    if plugin.error is not None:
        yield f"  {look.paint('error', Color.BOLD_RED)}    {escape(plugin.error)}"


def _to_json(plugin: PluginInfo) -> dict[str, object]:
    return {
        "name": plugin.name,
        "version": plugin.version,
        "module": plugin.module,
        "hooks": list(plugin.hooks),
        "schemes": list(plugin.schemes),
        "error": plugin.error,
    }
