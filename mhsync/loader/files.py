"""Files and folders to one Manifest."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from mhsync.core.manifest import Manifest, ManifestFile
from mhsync.core.suggest import suggest
from mhsync.errors import ManifestError
from mhsync.loader.collection import pauses_collection
from mhsync.loader.decoding import decode, find_control, too_large
from mhsync.loader.languages import SUFFIXES, Language, language_of
from mhsync.loader.manifest import Source, build
from mhsync.loader.problems import Problems
from mhsync.loader.scanned import ScannedProjects
from mhsync.loader.schema import validate
from mhsync.loader.storage_sharing import sharing_problems, storage_locations
from mhsync.loader.uniqueness import UniquenessCheck
from mhsync.loader.yaml_nodes import MapNode, Node
from mhsync.loader.yaml_parser import Parsed
from mhsync.settings import MIB, ManifestSettings

STDIN = "-"
"""The name that stands for standard input."""
_DEVICES = ("/dev/fd/", "/dev/stdin", "/proc/")
"""Where a shell offers pipes and open files: `apply <(command)` gives `/dev/fd/63`."""
_NOT_MANIFEST = "move it out of the folder, or give the manifests one by one"
_KEYS_READ = 100
"""Keys of a file that are compared with `projects`."""
_CHUNK = 1 * MIB
_SCHEMA_SUFFIX = ".schema.json"
_DOCUMENT = re.compile(rb'\s*\{\s*"format"\s*:\s*"mhsync\.')
"""The beginning of the JSON that mhsync prints, such as a saved plan."""
_WORTH_A_SCAN = 4096
"""Characters. The parser reads a shorter text in less time than it takes to compile the patterns of a scan."""


@pauses_collection
def load(paths: Sequence[str | Path], settings: ManifestSettings = ManifestSettings()) -> Manifest:  # noqa: B008
    """Read manifests: files, folders (sorted, not those below nor hidden ones), and `-`, which is standard input.

    Relative paths in a manifest begin in its folder; in one from standard input or a pipe, in the current folder.

    A file that is given twice is read once. The garbage collector is paused meanwhile: what is made here is kept.

    Raises:
        ManifestError: with every problem of every file, in the order of the files and of the lines.
    """
    claims = UniquenessCheck()
    files: list[ManifestFile] = []
    found: list[Problems] = []
    for name, is_given in _unique(_names(paths, found)):
        file, problems = _load_file(name, settings, is_given=is_given)
        found.append(problems)
        if file is not None:
            claims.add(file, problems)
            files.append(file)
    claims.close()
    if any(found):
        raise ManifestError(problem for problems in found for problem in problems.reported())
    if sharing := sharing_problems(files, storage_locations(files)):
        raise ManifestError(sharing)
    return Manifest(tuple(files))


def is_stream(name: str) -> bool:
    """Whether a manifest is standard input, a pipe or a device: it has no folder of its own, and is read once."""
    if name == STDIN or os.path.abspath(name).startswith(_DEVICES):  # noqa: PTH100 - the name may hold a NUL
        return True
    try:
        return not stat.S_ISREG(Path(name).stat().st_mode)
    except (OSError, ValueError):
        return False


def _load_file(name: str, settings: ManifestSettings, *, is_given: bool) -> tuple[ManifestFile | None, Problems]:
    """The values of one file, as far as they could be read, and its problems; None if nothing could be read.

    Args:
        is_given: whether the file was named; otherwise it was found in a folder.
    """
    problems = Problems(name, settings.problems)
    data = _read(name, problems, settings)
    text = None if data is None else decode(data, problems, settings)
    if data is None or text is None:
        return None, problems
    folder = Path.cwd() if is_stream(name) else Path(name).absolute().parent
    source = Source(name, str(folder), hashlib.sha256(data).hexdigest())
    del data
    language = language_of(name, text)
    for scanned in _scans(text, language):
        parsed = language.parse(text if scanned is None else scanned.rest, problems, settings)
        if scanned is None or scanned.fits(parsed.root, is_partial=parsed.is_partial):
            break
        problems = Problems(name, settings.problems)
    if not is_given and not _may_be_manifest(parsed.root):
        message = "this file of the folder is not a manifest: it has no key 'projects'"
        return None, _one(name, "not_manifest", message, _NOT_MANIFEST)
    return _build(parsed, source, scanned, problems, settings), problems


def _may_be_manifest(root: Node | None) -> bool:
    """Whether a file of a folder has the key `projects`, a similar one, or no content that could be read."""
    if not isinstance(root, MapNode):
        return root is None
    return "projects" in root.keys or suggest("projects", islice(root.keys, _KEYS_READ)) is not None


def _scans(text: str, language: Language) -> Iterator[ScannedProjects | None]:
    """What can be read without a tree, from as much as possible to nothing: None."""
    if len(text) < _WORTH_A_SCAN:
        yield None
        return
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if "\r" not in text:
        for scan in language.scans:
            yield scan(text)
    yield None


def _build(
    parsed: Parsed,
    source: Source,
    scanned: ScannedProjects | None,
    problems: Problems,
    settings: ManifestSettings,
) -> ManifestFile | None:
    if parsed.root is None:
        return None
    validate(parsed.root, problems, is_partial=parsed.is_partial)
    file = build(parsed.root, source, problems, scanned)
    if len(file.entries) > settings.projects:
        first = file.entries[settings.projects].position
        message = f"more than {settings.projects:,} projects in one file"
        problems.add("projects", message, "distribute the projects over several files", first)
    return file


def _names(paths: Sequence[str | Path], found: list[Problems]) -> Iterator[tuple[str, bool]]:
    """The files, in the order in which they were given, and whether each was named or found in a folder."""
    if not paths:
        found.append(_one("", "no_files", "no manifest was given", "name a file, or a folder of manifests"))
    for path in (os.fspath(given) for given in paths):
        try:
            is_given = path == STDIN or not Path(path).is_dir()
            names = [path] if is_given else _in_folder(Path(path))
        except (OSError, ValueError) as error:
            found.append(_one(path, "unreadable", f"cannot be read: {_reason(error)}", "look at its permissions"))
            continue
        if not names:
            hint = f"put a manifest into it, whose name ends in {' or '.join(SUFFIXES)}"
            found.append(_one(path, "no_files", "the folder has no manifests", hint))
        yield from ((name, is_given) for name in names)


def _one(file: str, code: str, message: str, hint: str) -> Problems:
    problems = Problems(file, 1)
    problems.add(code, message, hint)
    return problems


def _in_folder(folder: Path) -> list[str]:
    return sorted(
        str(child)
        for child in folder.iterdir()
        if child.suffix in SUFFIXES
        and not child.name.startswith(".")
        and not child.name.endswith(_SCHEMA_SUFFIX)
        and child.is_file()
        and not _is_document(child)
    )


def _is_document(path: Path) -> bool:
    """Whether a file is a document that mhsync printed: a folder of manifests may contain one."""
    if path.suffix != ".json":
        return False
    try:
        with path.open("rb") as stream:
            return _DOCUMENT.match(stream.read(256)) is not None
    except OSError:
        return False


def _unique(names: Iterable[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """Each file once, whatever it is called."""
    seen: set[str] = set()
    for name, is_given in names:
        real = name if "\0" in name else os.path.realpath(name)
        if real not in seen:
            seen.add(real)
            yield name, is_given


def _read(name: str, problems: Problems, settings: ManifestSettings) -> bytes | bytearray | None:
    """The bytes of a file, or of standard input. A pipe is read up to its first control character."""
    try:
        if name == STDIN:
            return _read_pipe(sys.stdin.buffer, settings.size)
        with Path(name).open("rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                return _read_pipe(stream, settings.size)
            # A buffer of the size to read is allocated. One byte more shows that the file is growing.
            if status.st_size <= settings.size:
                return stream.read(status.st_size + 1)
        problems.put(too_large(settings))
    except FileNotFoundError:
        problems.add("missing", "there is no such file", "look at the path")
    except (OSError, ValueError) as error:
        problems.add(
            "unreadable", f"the file cannot be read: {_reason(error)}", "look at the path and its permissions"
        )
    return None


def _read_pipe(stream: BinaryIO, most: int) -> bytearray:
    """Read a pipe or a device to its end, up to the size limit and one byte, or up to a control character."""
    data = bytearray()
    while len(data) <= most:
        chunk = stream.read(min(_CHUNK, most + 1 - len(data)))
        control = find_control(chunk)
        data += chunk if control is None else chunk[: control + 1]
        if not chunk or control is not None:
            break
    return data


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
