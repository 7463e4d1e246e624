"""Paths of outputs: names from the API are made safe and unique, and templates are filled.

Names and URLs come from the API: they must not leave the storage, name a device, be invisible, or collide on a
case-insensitive file system.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from mhsync.core.template import (
    DEVICE,
    SEGMENT_MAX,
    SLASH_LOOK_ALIKES,
    TEXT_MAX,
    check_text,
    fill,
    is_plain_name,
    path_key,
)
from mhsync.dataclass import dataclass

NAME_MAX = 120
"""Bytes of one safe name in UTF-8, so that several of them fit into one segment."""
EXT_MAX = 16
_FORBIDDEN = frozenset('/\\:*?"<>|')


@dataclass(frozen=True, slots=True)
class PathValues:
    """The values of path fields. They are kept from the first time that the project was stored."""

    id: str
    name: str | None = None
    type: str | None = None
    created_at: datetime | None = None


class UnusablePathError(ValueError):
    """A template produced a path that no storage can use.

    Attributes:
        hint: one line: what to do about it.
    """

    def __init__(self, message: str, hint: str | None) -> None:
        super().__init__(message)
        self.hint = hint


def safe_name(text: str, *, most: int = NAME_MAX) -> str:
    """The text as one segment of a path: unsafe characters become `_`, and it is never empty.

    The extension is kept if a long name is truncated to `most` bytes.
    """
    if len(text) <= most and is_plain_name(text):
        return text
    whole = "".join(_safe_char(char) for char in unicodedata.normalize("NFC", text))
    whole = _cut(whole, most)
    if whole.startswith("."):
        whole = "_" + whole[1:]
    if whole.endswith((".", " ")):
        whole = whole[:-1] + "_"
    if not whole:
        return "_"
    return "_" + whole if DEVICE.fullmatch(unicodedata.normalize("NFKC", whole)) else whole


def _safe_char(char: str) -> str:
    # Cc, Cf, Cs, Co, Cn: controls, invisible and bidirectional marks, surrogates, private and unassigned ones.
    unsafe = (
        char in _FORBIDDEN
        or char in SLASH_LOOK_ALIKES
        or unicodedata.category(char)[0] == "C"
        or unicodedata.category(char) in ("Zl", "Zp")
        or any(part in "/\\." for part in unicodedata.normalize("NFKC", char) if part != char)
    )
    return "_" if unsafe else char


def _cut(text: str, most: int) -> str:
    if len(text.encode()) <= most:
        return text
    stem, ext = split_ext(text)
    room = most - len(ext.encode())
    return stem.encode()[:room].decode(errors="ignore") + ext


def split_ext(filename: str) -> tuple[str, str]:
    """Stem and extension, the latter with its dot (`("output", ".wav")`), empty if there is none."""
    stem, dot, ext = filename.rpartition(".")
    if not (dot and stem and ext) or len(ext.encode()) > EXT_MAX:
        return filename, ""
    return stem, dot + ext


def aside_path(path: str, number: int) -> str:
    """The path under which a changed file is kept: `a/output.changed-1.wav` for `a/output.wav`.

    The name is truncated if a storage would refuse it for its length.
    """
    folder, slash, name = path.rpartition("/")
    stem, ext = split_ext(name)
    tail = f".changed-{number}{ext}"
    room = min(SEGMENT_MAX, TEXT_MAX - len((folder + slash).encode())) - len(tail.encode())
    return f"{folder}{slash}{stem.encode()[: max(1, room)].decode(errors='ignore') or '_'}{tail}"


def folders_of(path: str) -> tuple[str, ...]:
    """The folders of a path: `a` and `a/b` for `a/b/c`."""
    found: list[str] = []
    end = path.find("/")
    while end >= 0:
        found.append(path[:end])
        end = path.find("/", end + 1)
    return tuple(found)


def filenames(sources: Sequence[str]) -> tuple[str, ...]:
    """For each output the last part of its URL, made safe and unique within its project.

    The second `output.wav` is `output-2.wav`; compared without case.
    """
    taken: set[str] = set()
    free: dict[tuple[str, str], int] = {}
    # The first number that may be free for a stem and extension: to start at 2 each time takes quadratic time.
    names: list[str] = []
    for source in sources:
        last = unquote(urlsplit(source).path.rstrip("/").rpartition("/")[2], errors="replace")
        name = safe_name(last) if last else "output"
        if path_key(name) in taken:
            stem, ext = split_ext(name)
            kind = path_key(stem), path_key(ext)
            number = free.get(kind, 2)
            while path_key(name) in taken:
                name, number = f"{stem}-{number}{ext}", number + 1
            free[kind] = number
        taken.add(path_key(name))
        names.append(name)
    return tuple(names)


def filled_paths(template: str, values: PathValues, names: Sequence[str]) -> list[str]:
    """The paths that the template gives, as `output_paths`, whether or not a storage can take them."""
    project = {
        "id": values.id,
        "name": safe_name(values.name) if values.name else values.id,
        "type": safe_name(values.type) if values.type else "unknown",
        "date": "undated" if values.created_at is None else values.created_at.astimezone(UTC).date().isoformat(),
    }
    paths: list[str] = []
    for index, name in enumerate(names, start=1):
        stem, ext = split_ext(name)
        paths.append(fill(template, {**project, "index": str(index), "filename": name, "stem": stem, "ext": ext}))
    return paths


def output_paths(template: str, values: PathValues, names: Sequence[str]) -> tuple[str, ...]:
    """The path of each output of a project, in order, relative to the storage.

    Raises:
        UnusablePathError: a path is too long, or two outputs would have the same one.
    """
    paths = filled_paths(template, values, names)
    for path in paths:
        problems = check_text(path)
        if problems:
            raise UnusablePathError(f"{problems[0].message} ({path!r:.80})", problems[0].hint)
    keys = [path_key(path) for path in paths]
    folders = {folder for key in keys for folder in folders_of(key)}
    if len(set(keys)) < len(keys):
        raise UnusablePathError(
            f"the path {template!r:.80} is the same for {len(paths)} outputs",
            "add {filename} or {index} to the path",
        )
    if not folders.isdisjoint(keys):
        raise UnusablePathError(
            f"with the path {template!r:.80}, one output would be the folder of another",
            "write a path whose last part differs for each output, such as {id}/{filename}",
        )
    return tuple(paths)
