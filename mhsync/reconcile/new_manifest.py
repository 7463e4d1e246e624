"""Write the first manifest of a repository: a commented starter, its schema for editors, and a line for git."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from mhsync.core.manifest import DEFAULT_STORAGE
from mhsync.core.storage_url import is_url
from mhsync.dataclass import dataclass
from mhsync.errors import ManifestError, UsageError
from mhsync.fileio.atomic import replace_file
from mhsync.loader.urls import check_storage
from mhsync.reconcile.git_ignore import ignore_line

SCHEMA = "mhsync.schema.json"
"""The file in the manifest's folder that editors read, without network access."""
_START = """\
# yaml-language-server: $schema=./{schema}
#
# The audio projects of this repository, and their desired states.
#     mhsync add {name} ID…       adds projects
#     mhsync plan {name}          shows what would change
#     mhsync apply {name}         applies it; asks before it deletes
version: 1

# The storage of the outputs: a path relative to this file, or the URL of a storage plugin.
storage: {storage}

# The path of each output in the storage.
# Fields: {{id}} {{name}} {{type}} {{index}} {{filename}} {{stem}} {{ext}} {{date}}.
path: "{{id}}/{{filename}}"

# The state of projects that have none:
#   downloaded  every output is stored
#   archived    every output is stored and verified, then the project is deleted from the account
#   deleted     the project is deleted from the account; stored copies stay
state: downloaded

policy:
  deletes: confirm        # confirm: ask, or --yes. allow: do not ask. forbid: refuse plans with deletes
  # max_deletes: 10       # refuse plans with more deletes: a number, or a percentage such as 20%

# Each project has an id. The other keys are optional:
#   - id: clx7uu86w0a5qp55yxz315r6r
#     state: archived                # or lost: acknowledges that the project cannot be restored
#     name: Morning jingle           # for people; paths do not use it
#     note: replaced by the version of May
#     tags: [podcast, intro]         # --only tag:podcast selects by them
projects: []
"""


@dataclass(frozen=True, slots=True)
class NewManifest:
    """The files that were written."""

    manifest: Path
    schema: Path
    gitignore: Path | None
    """The file that now makes git ignore the storage; None where that was not needed."""


def write_manifest(path: str | Path, *, storage: str = DEFAULT_STORAGE) -> NewManifest:
    """Write a starter manifest and its schema. In a git repository, make git ignore a storage that is a folder.

    Args:
        path: the manifest to write; its folder must exist.
        storage: the value of `storage`.

    Raises:
        UsageError: the manifest exists already, or a file cannot be written.
        ManifestError: the storage is invalid.
    """
    problems = tuple(check_storage(storage))
    if problems:
        raise ManifestError(problems)
    target = Path(path)
    if target.suffix not in (".yaml", ".yml"):
        raise UsageError(f"{target}: the starter manifest is YAML", hint="give a name that ends in .yaml or .yml")
    if target.exists() or target.is_symlink():
        raise UsageError(f"{target} exists already", hint="choose another name, or add projects with `mhsync add`")
    schema = target.parent / SCHEMA
    replace_file(schema, (files("mhsync.schemas") / "manifest.schema.json").read_bytes())
    text = _START.format(schema=SCHEMA, name=target.name, storage=_quoted(storage))
    replace_file(target, text.encode())
    return NewManifest(target, schema, ignore_storage(target.parent, storage))


def ignore_storage(folder: Path, storage: str) -> Path | None:
    """Make git ignore a storage folder, where the folder is in a git work tree.

    Args:
        folder: the folder of the manifest.
        storage: the value of `storage`.

    Returns:
        The file that was changed; None where the storage is a URL or in no work tree, or where the line is there.

    Raises:
        UsageError: the file cannot be written.
    """
    wanted = None if is_url(storage) else ignore_line(folder / storage, folder)
    if wanted is None:
        return None
    text = wanted.file.read_text() if wanted.file.exists() else ""
    separator = "" if not text or text.endswith("\n") else "\n"
    replace_file(wanted.file, f"{text}{separator}{wanted.line}\n".encode())
    return wanted.file if folder.is_absolute() else Path(os.path.relpath(wanted.file))


def _quoted(storage: str) -> str:
    is_plain = all(character.isalnum() or character in "./_-" for character in storage) and storage[:1] in "./"
    return storage if is_plain else '"' + storage.replace("\\", "\\\\").replace('"', '\\"') + '"'
