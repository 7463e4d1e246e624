"""git_ignore: the line that keeps stored outputs out of a git repository."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from mhsync.core.layout import RECEIPTS
from mhsync.core.manifest import Manifest
from mhsync.dataclass import dataclass
from mhsync.loader.storage_location import storage_location

_SPECIAL = re.compile(r"([*?[\\])")
_ESCAPED = r"\\\1"
"""Characters with a meaning in patterns, and what replaces them."""
_IGNORED = 0
_NOT_IGNORED = 1
"""Exit codes of `git check-ignore`; others are errors."""


@dataclass(frozen=True, slots=True)
class IgnoreLine:
    """A line for a `.gitignore` file."""

    file: Path
    """The file, which may not exist."""
    line: str


def ignore_line(storage: str | Path, folder: str | Path) -> IgnoreLine | None:
    """The line that makes git ignore a storage folder.

    Args:
        storage: the storage folder, which may not exist.
        folder: the folder of the manifest.

    Returns:
        For the `.gitignore` of `folder` where the storage is below it, else for that of the work tree. None where
        the storage is in no work tree, contains the manifest, or the line is in the file already.
    """
    storage, folder = Path(os.path.realpath(storage)), Path(os.path.realpath(folder))
    top = _work_tree(storage)
    if top is None or folder.is_relative_to(storage):
        return None
    base = folder if storage.is_relative_to(folder) and folder.is_relative_to(top) else top
    name = storage.relative_to(base).as_posix()
    if not name.isprintable():
        return None
    found = IgnoreLine(base / ".gitignore", f"/{_SPECIAL.sub(_ESCAPED, name)}/")
    return None if found.line in _lines(found.file) else found


def new_storages(manifest: Manifest) -> Sequence[tuple[str, str]]:
    """The storages in a git work tree that have no receipts yet, each with the folder of its manifest."""
    places = {storage_location(file): file.folder for file in manifest.files}
    return [
        (place, folder)
        for place, folder in places.items()
        if Path(place).is_absolute()
        and not Path(place, RECEIPTS).exists()
        and ignore_line(place, folder) is not None
    ]


def is_ignored(storage: str | Path, environ: Mapping[str, str], *, timeout: float) -> bool | None:
    """Whether git ignores a folder; None where git is not installed, or gives no answer.

    Args:
        storage: the folder.
        environ: the environment variables; those of git itself are not passed on.
        timeout: seconds after which git is ended.
    """
    # Imported here: only the first apply into a folder needs it.
    import subprocess

    git = shutil.which("git", path=environ.get("PATH"))
    if git is None or not Path(storage).is_dir():
        return None
    variables = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - git, with a path behind `--`
            [git, "-C", str(Path(storage).parent), "check-ignore", "-q", "--no-index", "--", str(storage)],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {_IGNORED: True, _NOT_IGNORED: False}.get(done.returncode)


def _work_tree(path: Path) -> Path | None:
    """The top of the git work tree that a path is in."""
    return next((parent for parent in (path, *path.parents) if (parent / ".git").exists()), None)


def _lines(file: Path) -> Sequence[str]:
    try:
        return file.read_text().splitlines()
    except (OSError, ValueError):
        return ()
