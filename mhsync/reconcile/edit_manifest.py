"""Add entries to manifest files, remove entries from them, and format them. Files are replaced as a whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from mhsync.core.manifest import Entry, Labels, ManifestFile, State
from mhsync.core.project import is_valid_id
from mhsync.core.suggest import suggest
from mhsync.core.template import check_template
from mhsync.dataclass import dataclass
from mhsync.errors import ManifestError, Problem, UsageError
from mhsync.fileio.atomic import replace_file
from mhsync.loader import load
from mhsync.loader.schema import check_entry
from mhsync.settings import ManifestSettings

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Addition:
    """What `add_projects` did."""

    added: tuple[str, ...]
    """The ids that were added."""
    present: tuple[str, ...]
    """The ids that the manifest listed already, with the same values."""


def add_projects(
    manifest: str | Path,
    ids: Sequence[str],
    *,
    state: State | None = None,
    path: str | None = None,
    name: str | None = None,
    note: str | None = None,
    tags: Sequence[str] = (),
    settings: ManifestSettings = ManifestSettings(),  # noqa: B008 - frozen
) -> Addition:
    """Add projects at the end of a YAML manifest. All else in the file, comments too, stays as it is.

    Args:
        manifest: the file.
        ids: the projects. One that the manifest lists already, with the same values, stays as it is.
        state: the state of the new entries; None writes none, so that the default of the file applies.
        path: the path template of the new entries; None writes none.
        name: the name of the new entry, for people; None writes none.
        note: the note of the new entries, for people; None writes none.
        tags: the tags of the new entries.
        settings: bounds.

    Raises:
        ManifestError: the manifest is invalid, an id or another value is, or an id is listed with other values.
        UsageError: the file cannot be edited or written; it is unchanged.
    """
    text, file = _read(manifest, settings)
    problems = [_not_an_id(id_) for id_ in ids if not is_valid_id(id_)]
    problems += check_template(path) if path is not None else ()
    labels = Labels(name, note, tuple(dict.fromkeys(tags)))
    problems += _check_labels(labels)
    if problems:
        raise ManifestError(problems)
    listed = {entry.id: entry for entry in file.entries}
    wanted = list(dict.fromkeys(ids))
    problems = [
        problem
        for id_ in wanted
        if id_ in listed and (problem := _conflict(listed[id_], state, path, labels)) is not None
    ]
    if problems:
        raise ManifestError(problems)
    new = [id_ for id_ in wanted if id_ not in listed]
    if new:
        from mhsync.loader.editing import NewEntry, add_entries

        shared = (None if state is None else state.value, path, name, note, labels.tags)
        _write(manifest, add_entries(text, [NewEntry(id_, *shared) for id_ in new]))
    return Addition(tuple(new), tuple(id_ for id_ in wanted if id_ in listed))


def remove_projects(
    manifest: str | Path,
    ids: Collection[str],
    *,
    settings: ManifestSettings = ManifestSettings(),  # noqa: B008 - frozen
) -> None:
    """Remove projects from a YAML manifest. They are then not managed: nothing is deleted by this.

    Args:
        manifest: the file.
        ids: the projects; the manifest must list each.
        settings: bounds.

    Raises:
        ManifestError: the manifest is invalid, or does not list an id; nothing was removed.
        UsageError: the file cannot be edited or written; it is unchanged.
    """
    text, file = _read(manifest, settings)
    listed = [entry.id for entry in file.entries]
    problems = [_not_listed(id_, listed, file) for id_ in sorted(set(ids) - set(listed))]
    if problems:
        raise ManifestError(problems)
    if ids:
        from mhsync.loader.editing import remove_entries

        _write(manifest, remove_entries(text, ids))


def format_manifest(
    manifest: str | Path,
    *,
    check: bool = False,
    settings: ManifestSettings = ManifestSettings(),  # noqa: B008 - frozen
) -> bool:
    """Write a YAML manifest in the standard layout: only spaces and line ends change.

    Args:
        manifest: the file.
        check: only compare; write nothing.
        settings: bounds.

    Returns:
        Whether the file differs from the standard layout, or did before it was written.

    Raises:
        ManifestError: the manifest is invalid.
        UsageError: the file cannot be formatted or written; it is unchanged.
    """
    from mhsync.loader.formatting import format_text

    text, _ = _read(manifest, settings)
    formatted = format_text(text)
    if formatted != text and not check:
        _write(manifest, formatted)
    return formatted != text


def _read(manifest: str | Path, settings: ManifestSettings) -> tuple[str, ManifestFile]:
    """The text of a valid manifest, and its values."""
    path = Path(manifest)
    if path.suffix not in _SUFFIXES:
        raise UsageError(f"{path}: only YAML files (.yaml, .yml) can be edited", hint="edit the file by hand")
    (file,) = load([manifest], settings).files
    try:
        return path.read_bytes().decode(), file
    except (OSError, ValueError):
        problem = "the file cannot be read as UTF-8"
    raise UsageError(f"{path}: {problem}", hint="save it as UTF-8")


def _write(manifest: str | Path, text: str) -> None:
    replace_file(manifest, text.encode())


def _check_labels(labels: Labels) -> Sequence[Problem]:
    """What the schema does not allow in the labels of an entry."""
    fields = {"name": labels.name, "note": labels.note, "tags": list(labels.tags) or None}
    return check_entry({name: value for name, value in fields.items() if value is not None})


def _conflict(entry: Entry, state: State | None, path: str | None, labels: Labels) -> Problem | None:
    """Why an entry that is listed already is not what is to be added; None where it is."""
    if state is not None and entry.state is not state:
        what = f"state '{entry.state}'"
    elif path is not None and entry.path != path:
        what = f"path {entry.path!r}"
    elif labels.name is not None and entry.labels.name != labels.name:
        what = "no name" if entry.labels.name is None else f"name {entry.labels.name!r:.80}"
    elif labels.note is not None and entry.labels.note != labels.note:
        what = "another note"
    elif not set(labels.tags) <= set(entry.labels.tags):
        what = f"tags {', '.join(entry.labels.tags)!r:.80}" if entry.labels.tags else "no tags"
    else:
        return None
    return Problem(
        "listed", f"the manifest lists this id already, with {what}", "change that entry by hand", entry.position,
        entry.id,
    )  # fmt: skip


def _not_an_id(id_: str) -> Problem:
    return Problem("id", f"{id_!r:.80} is not a valid project id", "use 1 to 128 letters, digits, '-' and '_'")


def _not_listed(id_: str, listed: Sequence[str], file: ManifestFile) -> Problem:
    near = suggest(id_, listed)
    hint = f"did you mean {near}?" if near else f"the ids are in {file.file}"
    return Problem("not_listed", f"{file.file} does not list {id_!r:.130}", hint)
