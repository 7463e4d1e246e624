"""Files and folders to one Manifest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from jsonschema import Draft202012Validator

from mhsync.core.manifest import Manifest, ManifestFile
from mhsync.errors import ManifestError
from mhsync.loader.manifest import Source, build
from mhsync.loader.problems import Problems
from mhsync.loader.schema import manifest_validator, validate
from mhsync.loader.uniqueness import UniquenessCheck
from mhsync.loader.yaml_parser import parse
from mhsync.settings import ManifestSettings

SUFFIXES = (".yaml", ".yml")


def load(paths: Sequence[str | Path], settings: ManifestSettings = ManifestSettings()) -> Manifest:  # noqa: B008
    """Read manifests: files, and folders (their `*.yaml` and `*.yml`, sorted, not those below nor hidden ones).

    A file that is given twice is read once.

    Raises:
        ManifestError: with every problem of every file, in the order of the files and of the lines.
    """
    validator = manifest_validator()
    claims = UniquenessCheck()
    files: list[ManifestFile] = []
    found: list[Problems] = []
    for name in _unique(_names(paths, found)):
        problems = Problems(name, settings.problems)
        found.append(problems)
        file = _load_file(name, problems, settings, validator)
        if file is not None:
            claims.add(file, problems)
            files.append(file)
    claims.close()
    if any(found):
        raise ManifestError(problem for problems in found for problem in problems.reported())
    return Manifest(tuple(files))


def _load_file(
    name: str, problems: Problems, settings: ManifestSettings, validator: Draft202012Validator
) -> ManifestFile | None:
    """The values of one file, as far as they could be read; None if nothing could be."""
    data = _read(name, problems, settings)
    if data is None:
        return None
    parsed = parse(data, problems, settings)
    tree = parsed.root
    if tree is None:
        return None
    validate(tree, validator, problems, is_partial=parsed.is_partial)
    folder = str(Path(name).absolute().parent)
    return build(tree, Source(name, folder, hashlib.sha256(data).hexdigest()), problems)


def _names(paths: Sequence[str | Path], found: list[Problems]) -> Iterator[str]:
    """The files that are meant, in the order in which they were given."""
    if not paths:
        found.append(_one("", "no_files", "no manifest was given", "name a file, or a folder of manifests"))
    for path in (os.fspath(given) for given in paths):
        try:
            names = _in_folder(Path(path)) if Path(path).is_dir() else [path]
        except (OSError, ValueError) as error:
            found.append(_one(path, "unreadable", f"cannot be read: {_reason(error)}", "look at its permissions"))
            continue
        if not names:
            hint = f"put a manifest into it, whose name ends in {' or '.join(SUFFIXES)}"
            found.append(_one(path, "no_files", "the folder has no manifests", hint))
        yield from names


def _one(file: str, code: str, message: str, hint: str) -> Problems:
    problems = Problems(file, 1)
    problems.add(code, message, hint)
    return problems


def _in_folder(folder: Path) -> list[str]:
    return sorted(
        str(child)
        for child in folder.iterdir()
        if child.suffix in SUFFIXES and not child.name.startswith(".") and child.is_file()
    )


def _unique(names: Iterable[str]) -> Iterator[str]:
    """Each file once, whatever it is called."""
    seen: set[str] = set()
    for name in names:
        real = name if "\0" in name else os.path.realpath(name)
        if real not in seen:
            seen.add(real)
            yield name


def _read(name: str, problems: Problems, settings: ManifestSettings) -> bytes | None:
    try:
        with Path(name).open("rb") as stream:
            # One byte more than is allowed shows that there is more.
            return stream.read(settings.size + 1)
    except FileNotFoundError:
        problems.add("missing", "there is no such file", "look at the path")
    except (OSError, ValueError) as error:
        problems.add(
            "unreadable", f"the file cannot be read: {_reason(error)}", "look at the path and its permissions"
        )
    return None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
