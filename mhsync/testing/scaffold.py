"""Scaffold: a plugin to start from, written into a folder: a storage that passes the conformance suite at once."""

from __future__ import annotations

import importlib.util
import keyword
import os
import re
import shutil
from collections.abc import Collection
from importlib.resources import files
from pathlib import Path
from string import Template

from mhsync import __version__
from mhsync.dataclass import dataclass
from mhsync.errors import MhsyncError, UsageError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")
_LONGEST = 60
_PREFIX = "mhsync-"
_FILES = {
    "pyproject.toml.in": "pyproject.toml",
    "README.md.in": "README.md",
    "LICENSE.in": "LICENSE",
    "gitignore.in": ".gitignore",
    "init.py.in": "$package/__init__.py",
    "plugin.py.in": "$package/plugin.py",
    "py.typed.in": "$package/py.typed",
    "service.py.in": "$package/service.py",
    "storage.py.in": "$package/storage.py",
    "test_plugin.py.in": "tests/test_${package}_plugin.py",
    "test_storage.py.in": "tests/test_${package}_storage.py",
}
"""Template to the path of its file. None ends in `.py`, so that tools do not treat it as code of mhsync."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the parts of a plugin are called, all from its distribution's name."""

    distribution: str
    package: str
    """What is imported."""
    scheme: str
    """Of its URLs, without `://`."""

    @property
    def title(self) -> str:
        """The beginning of the names of its classes."""
        return "".join(word.capitalize() for word in self.scheme.split("-"))

    @classmethod
    def of(cls, name: str, taken: Collection[str] = ()) -> Names:
        """The names for a distribution: for `mhsync-shelf` the package `mhsync_shelf` and the scheme `shelf`.

        Args:
            name: the distribution's name; it need not begin with `mhsync-`.
            taken: distribution names and schemes that are in use.

        Raises:
            UsageError: the name is invalid or in use.
        """
        flat = re.sub(r"[-_.]+", "-", name).lower()
        scheme = flat.removeprefix(_PREFIX)
        if not _NAME.fullmatch(name) or len(name) > _LONGEST or not scheme[0].isalpha():
            better = flat if _NAME.fullmatch(flat) and len(flat) <= _LONGEST else "mhsync-shelf"
            hint = f"use letters, digits and single hyphens, and begin with a letter: {better}"
            raise UsageError(f"not a name for a plugin: {name!r:.80}", hint=hint)
        for word in (flat, scheme):
            if word in taken:
                raise UsageError(f"{word!r} is taken by a plugin of mhsync's own", hint="choose another name")
        package = flat.replace("-", "_")
        if keyword.iskeyword(package):
            raise UsageError(f"Python keeps the word {package!r} for itself", hint="choose another name")
        if importlib.util.find_spec(package) is not None:
            raise UsageError(f"a package {package!r} is installed already", hint="choose another name")
        return cls(name, package, scheme)


@dataclass(frozen=True, slots=True)
class Written:
    """A package that was written."""

    names: Names
    folder: Path
    files: tuple[str, ...]
    """Relative to the folder, with `/`."""


def write(name: str, parent: Path, *, taken: Collection[str] = ()) -> Written:
    """Write a plugin into the folder `name` of `parent`: all of it or nothing.

    Raises:
        UsageError: the name cannot be used, or there is such a folder with something in it.
        MhsyncError: it cannot be written.
    """
    names = Names.of(name, taken)
    folder = parent / name
    rendered = _rendered(names)
    aside = folder.with_name(f".{name}.{os.getpid()}")
    try:
        if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
            raise UsageError(f"{name} is there already", hint="choose another name, or move it away")
        try:
            for path, text in rendered.items():
                (aside / path).parent.mkdir(parents=True, exist_ok=True)
                (aside / path).write_text(text, encoding="utf-8")
            aside.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        hint = "see that this folder can be written to"
        raise MhsyncError(f"cannot write {name}: {error.strerror or error}", hint=hint) from error
    return Written(names, folder, tuple(rendered))


def _rendered(names: Names) -> dict[str, str]:
    """Each file's text by its path, in the order in which they are read best."""
    words = {
        "name": names.distribution,
        "package": names.package,
        "scheme": names.scheme,
        "title": names.title,
        "version": ".".join(__version__.split(".")[:2]),
    }
    folder = files("mhsync.testing") / "template"
    return {
        Template(path).substitute(words): Template((folder / source).read_text(encoding="utf-8")).substitute(words)
        for source, path in _FILES.items()
    }
