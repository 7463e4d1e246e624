"""What a shell completes: names of files and directories, and the ids, states and tags of manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.types import StringParamType

from mhsync.cli.console import Console

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from mhsync.core.manifest import Manifest


class _Name(StringParamType):
    """The name of a file or a directory, which need not exist: only the completion differs from a text."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self._kind = kind

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - of click
        # Imported here: only a shell that completes words calls this.
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type=self._kind)]


FILE_NAME = _Name("file", "file")
DIRECTORY_NAME = _Name("directory", "dir")


def complete_selectors(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The values of `--only`: the states, and the ids and tags of the manifests on the command line so far."""
    from mhsync.core.manifest import Manifest
    from mhsync.core.selection import group_selectors

    manifest = _manifest_of_words(ctx) or Manifest()
    known = (*sorted(manifest.ids), *group_selectors(manifest))
    return [selector for selector in known if selector.startswith(incomplete)]


def complete_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The ids of the manifests on the command line so far."""
    manifest = _manifest_of_words(ctx)
    return [] if manifest is None else [id_ for id_ in sorted(manifest.ids) if id_.startswith(incomplete)]


def _manifest_of_words(ctx: click.Context) -> Manifest | None:
    """The manifests among the words of the command line; None where there is none, or one is invalid."""
    from pathlib import Path

    from mhsync.errors import MhsyncError
    from mhsync.loader import load

    # click has parsed no argument where the last word is an option without its value: the shell's words have all.
    words = ctx.ensure_object(Console).environ.get("COMP_WORDS", "").split()
    files = [word for word in words[2:] if not word.startswith("-") and Path(word).exists()]
    try:
        return load(files) if files else None
    except MhsyncError:
        return None
