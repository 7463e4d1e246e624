"""Files and folders to one Manifest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mhsync.core.manifest import Manifest, ManifestFile
from mhsync.errors import ManifestError
from mhsync.loader import yaml_scan
from mhsync.loader.collection import pauses_collection
from mhsync.loader.decoding import decode
from mhsync.loader.manifest import Source, build
from mhsync.loader.problems import Problems
from mhsync.loader.scanned import ScannedProjects
from mhsync.loader.schema import validate
from mhsync.loader.uniqueness import UniquenessCheck
from mhsync.loader.yaml_parser import Parsed, parse_text
from mhsync.settings import ManifestSettings

SUFFIXES = (".yaml", ".yml")
_WORTH_A_SCAN = 4096
"""Characters. The parser reads a shorter text in less time than it takes to compile the patterns of a scan."""


@pauses_collection
def load(paths: Sequence[str | Path], settings: ManifestSettings = ManifestSettings()) -> Manifest:  # noqa: B008
    """Read manifests: files, and folders (their `*.yaml` and `*.yml`, sorted, not those below nor hidden ones).

    A file that is given twice is read once. The garbage collector is paused meanwhile: what is made here is kept.

    Raises:
        ManifestError: with every problem of every file, in the order of the files and of the lines.
    """
    claims = UniquenessCheck()
    files: list[ManifestFile] = []
    found: list[Problems] = []
    for name in _unique(_names(paths, found)):
        file, problems = _load_file(name, settings)
        found.append(problems)
        if file is not None:
            claims.add(file, problems)
            files.append(file)
    claims.close()
    if any(found):
        raise ManifestError(problem for problems in found for problem in problems.reported())
    return Manifest(tuple(files))


def _load_file(name: str, settings: ManifestSettings) -> tuple[ManifestFile | None, Problems]:
    """The values of one file, as far as they could be read, and its problems; None if nothing could be read."""
    problems = Problems(name, settings.problems)
    data = _read(name, problems, settings)
    text = None if data is None else decode(data, problems, settings)
    if data is None or text is None:
        return None, problems
    source = Source(name, str(Path(name).absolute().parent), hashlib.sha256(data).hexdigest())
    del data
    for scanned in _scans(text):
        parsed = parse_text(text if scanned is None else scanned.rest, problems, settings)
        if scanned is None or scanned.fits(parsed.root, is_partial=parsed.is_partial):
            break
        problems = Problems(name, settings.problems)
    return _build(parsed, source, scanned, problems), problems


def _scans(text: str) -> Iterator[ScannedProjects | None]:
    """What can be read without a tree, from as much as possible to nothing: None."""
    if len(text) < _WORTH_A_SCAN:
        yield None
        return
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if "\r" not in text:
        yield yaml_scan.scan(text)
        yield yaml_scan.scan(text, resumes=False)
    yield None


def _build(
    parsed: Parsed, source: Source, scanned: ScannedProjects | None, problems: Problems
) -> ManifestFile | None:
    if parsed.root is None:
        return None
    validate(parsed.root, problems, is_partial=parsed.is_partial)
    return build(parsed.root, source, problems, scanned)


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
