"""html_report: write the inventory as one HTML page, with players for files in local folders."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from mhsync.core.manifest import Manifest
from mhsync.core.status import ProjectStatus, StatusReport
from mhsync.errors import Interrupted, MhsyncError
from mhsync.fileio.atomic import replace_own_file
from mhsync.html.page import OutputKey, is_page, page_of
from mhsync.html.waveform import waveform
from mhsync.loader.storage_location import storage_location
from mhsync.reconcile.context import RunContext, attempt
from mhsync.reconcile.parallel import collect
from mhsync.reconcile.status import status


def write_html_report(run: RunContext, manifest: Manifest, out: str | Path) -> StatusReport:
    """List every project as `status` does, and write the inventory to an HTML file.

    The page has a player for each output in a local folder, by a relative path, and a waveform for PCM WAV. It
    replaces an earlier page as a whole. Nothing is written to the storages.

    Raises:
        UsageError: the file cannot be written, or exists and is no such page.
        AuthenticationFailed: the API refused the key.
        StorageUnavailable: a storage cannot be opened.
        PluginError: a plugin is broken.
        Interrupted: the run was asked to stop.
    """
    report = status(run, manifest)
    paths = _local_paths(report)
    folder = os.path.realpath(Path(out).parent)
    urls = {key: _relative_url(path, folder) for key, path in paths.items()}
    page = page_of(report, urls, _waveforms(run, paths))
    replace_own_file(out, page.encode("utf-8", "replace"), is_page)
    return report


def _local_paths(report: StatusReport) -> dict[OutputKey, str]:
    """The path in the file system of each output in a local folder that is in place."""
    folders: dict[str, str] = {}
    found: dict[OutputKey, str] = {}
    for project in report.projects:
        folder = folders.setdefault(project.file.file, _folder(project))
        if folder:
            found.update({(project.id, o.path): str(Path(folder, o.path)) for o in project.in_place})
    return found


def _folder(project: ProjectStatus) -> str:
    """The folder of a project's storage; empty for other storages."""
    location = storage_location(project.file)
    return location if Path(location).is_absolute() else ""


def _relative_url(path: str, folder: str) -> str:
    return quote(os.path.relpath(path, folder))


def _waveforms(run: RunContext, paths: dict[OutputKey, str]) -> dict[OutputKey, str]:
    """The waveforms of the PCM WAV files."""
    limits = run.settings.run

    def read(key: OutputKey) -> str | None:
        with Path(paths[key]).open("rb") as reader:
            return waveform(reader, parts=limits.waveform_parts, frames=limits.waveform_frames)

    found = collect(
        [key for key in paths if key[1].lower().endswith(".wav")],
        lambda key: attempt(key[0], lambda: read(key)),
        workers=limits.transfers,
        go_on=lambda: not run.stop(),
        progress=lambda _: None,
    )
    if run.stop():
        raise Interrupted("interrupted while stored files were read; nothing was written")
    return {key: peaks for key, peaks in found.items() if peaks is not None and not isinstance(peaks, MhsyncError)}
