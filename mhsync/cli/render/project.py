"""One project as text."""

from __future__ import annotations

import json
from collections.abc import Iterator

from mhsync.cli.render.terminal import Color, Style, escape, padded
from mhsync.core.project import Project, format_time


def project_text(project: Project, style: Style, *, show_urls: bool = False) -> str:
    """The details, one to a line; links without their query unless `show_urls`."""
    pairs = list(_pairs(project, show_urls=show_urls))
    width = max(len(key) for key, _ in pairs)
    return "\n".join(
        f"{style.paint(padded(escape(key), width), Color.DIM)}  {escape(value)}" for key, value in pairs
    )


def _pairs(project: Project, *, show_urls: bool) -> Iterator[tuple[str, str]]:
    yield "id", project.id
    yield "name", "-" if project.name is None else project.name
    yield "status", project.status_text + (" (deleted)" if project.is_gone else "")
    yield "type", "-" if project.type is None else project.type
    yield "created", "-" if project.created_at is None else format_time(project.created_at)
    yield "credits", "-" if project.credits_charged is None else str(project.credits_charged)
    for index, download in enumerate(project.downloads, start=1):
        yield f"output {index}", download.url if show_urls else download.source
        if download.expires_at is not None:
            yield "", f"the link expires at {format_time(download.expires_at)}"
    if project.error is not None:
        yield "error", f"{project.error.code}: {project.error.message}"
    for key, value in project.shown_extra(show_urls=show_urls).items():
        yield str(key), value if isinstance(value, str) else json.dumps(value)
