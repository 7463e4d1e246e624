"""The command `mhsync init`: write a starter manifest."""

from __future__ import annotations

import click

from mhsync.cli.console import Console
from mhsync.cli.options import output_options, pass_console
from mhsync.cli.render.json import dumped
from mhsync.cli.render.terminal import escape
from mhsync.core.manifest import DEFAULT_STORAGE
from mhsync.reconcile.new_manifest import write_manifest

FORMAT = "mhsync.edit/1"


@click.command("init")
@click.argument("file", metavar="[FILE]", default="mhsync.yaml", type=click.Path(path_type=str))
@click.option(
    "--storage", metavar="URL", default=DEFAULT_STORAGE, show_default=True, help="The storage of the outputs."
)
@output_options
@pass_console
def command(console: Console, file: str, storage: str) -> int:
    """Write a commented starter manifest.

    The schema for editors is written into the same folder. In a git repository, a storage that is a folder is
    added to .gitignore. FILE is mhsync.yaml unless it is given; an existing file is never replaced.
    """
    done = write_manifest(file, storage=storage)
    written = [path for path in (done.manifest, done.schema, done.gitignore) if path is not None]
    if console.is_json:
        console.document(
            dumped({"format": FORMAT, "file": str(done.manifest), "written": [str(p) for p in written]})
        )
        return 0
    for path in written:
        console.note(f"wrote {escape(str(path))}")
    console.info(f"Next: mhsync add {escape(file)} ID…, then mhsync plan {escape(file)}")
    return 0
