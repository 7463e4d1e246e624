"""Waits until one project is complete, then downloads its outputs into a directory (`Client.check_result`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mhsync.api.download import Downloader, Fetched
from mhsync.api.local_files import Directory, TemporaryFile
from mhsync.api.sanitize import sanitize
from mhsync.api.timing import Time
from mhsync.api.transfer_events import TransferEnded, TransferEvent, TransferProgressed
from mhsync.core.backoff import poll_pauses
from mhsync.core.paths import filenames
from mhsync.core.project import FAILED, Download, Project, Status
from mhsync.dataclass import dataclass
from mhsync.errors import DownloadError, ProjectNotFound, RenderFailed, WaitTimeout
from mhsync.settings import WaitSettings


@dataclass(frozen=True, slots=True)
class Result:
    """The result of `Client.check_result`: the project, and the paths of the downloaded outputs, in order."""

    project: Project
    downloaded_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResultFetcher:
    """Waits for projects and downloads their outputs. `get` is `Client.get`."""

    get: Callable[[str], Project]
    downloader: Downloader
    settings: WaitSettings
    time: Time
    on_progress: Callable[[TransferEvent], None] | None = None

    def check(self, id: str, *, wait: bool, timeout: float | None, directory: str | Path | None) -> Result:
        """See `Client.check_result`. With `directory` None nothing is downloaded."""
        project = self._wait_until_complete(id, timeout) if wait else self._get_existing(id)
        if directory is None or project.status is not Status.COMPLETE:
            return Result(project)
        if not project.downloads:
            raise RenderFailed(f"{id} is complete, but the API lists no outputs", hint="try again later", id=id)
        return self._download_all(project, Directory(Path(directory)))

    def _get_existing(self, id: str) -> Project:
        """The project.

        Raises:
            RenderFailed: it is deleted, or ended in `error` or `canceled`.
        """
        try:
            project = self.get(id)
        except ProjectNotFound as error:
            missing = error
        else:
            if project.is_gone:
                raise RenderFailed(f"{id} is deleted", id=id)
            if project.status in FAILED:
                raise RenderFailed(f"{id} ended in {project.status.value}{_render_error(project)}", id=id)
            return project
        raise RenderFailed(f"{id} was not found: {missing.message}", hint=missing.hint, id=id)

    def _wait_until_complete(self, id: str, timeout: float | None) -> Project:
        began = self.time.clock()
        pauses = poll_pauses(self.settings)
        while True:
            project = self._get_existing(id)
            if project.status is Status.COMPLETE:
                return project
            if project.status is Status.DRAFT:
                raise RenderFailed(f"{id} is a draft", hint="submit it first: drafts are not rendered", id=id)
            elapsed = self.time.clock() - began
            left = self._timeout(project, timeout) - elapsed
            if left <= 0:
                raise WaitTimeout(
                    f"{id} is still {sanitize(project.status_text, limit=40)} after {elapsed:.0f} s",
                    hint="run again later, or wait longer",
                    id=id,
                )
            self.time.wait(min(next(pauses), left))

    def _timeout(self, project: Project, timeout: float | None) -> float:
        if timeout is not None:
            return timeout
        return self.settings.unknown if project.status is Status.UNKNOWN else float("inf")

    def _download_all(self, project: Project, directory: Directory) -> Result:
        names = filenames([download.source for download in project.downloads])
        paths: list[Path] = []
        directory.clear(self.downloader.settings.download.partial_age, self.time.wall())
        for index, (download, name) in enumerate(zip(project.downloads, names, strict=True), start=1):

            def finish(file: TemporaryFile, fetched: Fetched, name: str = name) -> None:
                paths.append(directory.place(file, name, fetched.sha256))

            def renew(source: str = download.source) -> Download:
                return self._new_link(project.id, source)

            keeper = directory.keeper(f"{project.id}-{index}")

            def report(received: int, size: int | None, name: str = name) -> None:
                self._notify(TransferProgressed(project.id, name, received, size))

            size = None
            try:
                size = self.downloader.fetch(
                    download, directory.temporary, renew=renew, finish=finish, keeper=keeper, report=report
                ).size
            finally:
                self._notify(TransferEnded(project.id, name, size))
        return Result(project, tuple(str(path) for path in paths))

    def _notify(self, event: TransferEvent) -> None:
        if self.on_progress is not None:
            self.on_progress(event)

    def _new_link(self, id: str, source: str) -> Download:
        """The same output with a new link."""
        for download in self._get_existing(id).downloads:
            if download.source == source:
                return download
        raise DownloadError(f"{source}: the API no longer lists this file", id=id)


def _render_error(project: Project) -> str:
    error = project.error
    return "" if error is None else f": {sanitize(error.message or error.code)} ({sanitize(error.code, limit=60)})"
