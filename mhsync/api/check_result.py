"""`check_result`: wait for one project, then fetch its outputs into a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mhsync.api.download import Downloader, Fetched
from mhsync.api.local_files import Folder, Part
from mhsync.api.text import shown
from mhsync.api.timing import Time
from mhsync.core.paths import filenames
from mhsync.core.project import FAILED, Download, Project, Status
from mhsync.errors import DownloadError, ProjectNotFound, RenderFailed, WaitTimeout
from mhsync.settings import WaitSettings


@dataclass(frozen=True, slots=True)
class Result:
    """What `Client.check_result` found: the project, and the paths of the outputs that it fetched, in order."""

    project: Project
    downloaded_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """Waits and fetches; `get` is `Client.get`."""

    get: Callable[[str], Project]
    downloader: Downloader
    settings: WaitSettings
    time: Time

    def check(self, id: str, *, wait: bool, timeout: float | None, directory: str | Path | None) -> Result:
        """See `Client.check_result`. `directory` None: nothing is fetched."""
        project = self._settled(id, timeout) if wait else self._live(id)
        if directory is None or project.status is not Status.COMPLETE:
            return Result(project)
        if not project.downloads:
            raise RenderFailed(f"{id} is complete, but the API offers no file of it", id=id)
        return self._fetched(project, Folder(Path(directory)))

    def _live(self, id: str) -> Project:
        """The project as it is now, unless nothing can come of it any more.

        Raises:
            RenderFailed: it is gone, or ended in error or canceled.
        """
        try:
            project = self.get(id)
        except ProjectNotFound as error:
            missing = error
        else:
            if project.is_gone:
                raise RenderFailed(f"{id} is deleted", id=id)
            if project.status in FAILED:
                raise RenderFailed(f"{id} ended in {project.status.value}{_why(project)}", id=id)
            return project
        raise RenderFailed(f"{id} is gone: {missing.message}", hint=missing.hint, id=id)

    def _settled(self, id: str, timeout: float | None) -> Project:
        """The project once it is complete."""
        began = self.time.clock()
        pause = self.settings.first
        while True:
            project = self._live(id)
            if project.status is Status.COMPLETE:
                return project
            if project.status is Status.DRAFT:
                raise RenderFailed(f"{id} is a draft", hint="submit it first: drafts are not rendered", id=id)
            left = self._limit(project, timeout) - (self.time.clock() - began)
            if left <= 0:
                raise WaitTimeout(f"{id} is still {shown(project.status_text, limit=40)}", hint="ask again", id=id)
            self.time.wait(min(pause, left))
            pause = min(self.settings.most, pause * self.settings.factor)

    def _limit(self, project: Project, timeout: float | None) -> float:
        if timeout is not None:
            return timeout
        return self.settings.unknown if project.status is Status.UNKNOWN else float("inf")

    def _fetched(self, project: Project, folder: Folder) -> Result:
        names = filenames([download.source for download in project.downloads])
        paths: list[Path] = []
        folder.clear(self.downloader.settings.download.partial_age, self.time.wall())
        for index, (download, name) in enumerate(zip(project.downloads, names, strict=True), start=1):

            def finish(part: Part, fetched: Fetched, name: str = name) -> None:
                paths.append(folder.place(part, name, fetched.sha256))

            def renew(source: str = download.source) -> Download:
                return self._offered(project.id, source)

            keeper = folder.keeper(f"{project.id}-{index}")
            self.downloader.fetch(download, folder.temporary, renew=renew, finish=finish, keeper=keeper)
        return Result(project, tuple(str(path) for path in paths))

    def _offered(self, id: str, source: str) -> Download:
        """The output under a new link."""
        for download in self._live(id).downloads:
            if download.source == source:
                return download
        raise DownloadError(f"{source}: the API no longer offers this file", id=id)


def _why(project: Project) -> str:
    error = project.error
    return "" if error is None else f": {shown(error.message or error.code)} ({shown(error.code, limit=60)})"
