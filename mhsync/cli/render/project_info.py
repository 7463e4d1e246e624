"""What people know a project by, on one line: `"Three takes", MUSIC_GENERATOR, 2026-01-15, 8.8 KiB`."""

from __future__ import annotations

from collections.abc import Iterator

from mhsync.cli.render.terminal import escape, truncated
from mhsync.cli.render.units import human_size
from mhsync.core.project_info import ProjectInfo
from mhsync.core.redaction import without_queries

_NAME_MOST = 60
"""Columns of a name; a longer one is truncated."""
_TYPE_MOST = 30
_NOTE_MOST = 160


def info_text(info: ProjectInfo, *, has_size: bool = True) -> str:
    """Name, type, day of creation and size, as far as they are known; the name in quotes, the manifest's too.

    Args:
        info: of one project.
        has_size: whether to show the size.
    """
    return ", ".join(_parts(info, has_size=has_size))


def note_text(info: ProjectInfo) -> str:
    """The note of the manifest on one line; empty if there is none."""
    note = info.labels.note
    return "" if note is None else f"note: {truncated(escape(without_queries(note)), _NOTE_MOST)}"


def info_lines(info: ProjectInfo, *, has_size: bool = True) -> tuple[str, ...]:
    """The lines about a project below its row; none where nothing is known."""
    return tuple(filter(None, (info_text(info, has_size=has_size), note_text(info))))


def _parts(info: ProjectInfo, *, has_size: bool) -> Iterator[str]:
    if info.name:
        yield _quoted(info.name)
    label = info.labels.name
    if label and label != info.name:
        yield f"{_quoted(without_queries(label))} in the manifest"
    if info.type:
        yield truncated(escape(info.type), _TYPE_MOST)
    if info.created_at is not None:
        yield f"{info.created_at:%Y-%m-%d}"
    if has_size and info.size is not None:
        yield human_size(info.size)


def _quoted(name: str) -> str:
    """A name in quotes, so that none of its text looks like the date or the size."""
    text = truncated(escape(name), _NAME_MOST).replace('"', '\\"')
    return f'"{text}"'
