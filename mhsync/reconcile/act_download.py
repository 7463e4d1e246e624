"""The action `download`: every output of one project, then its receipt. Called by `apply` alone.

An output becomes visible only when whole, proved and shown to the checks; the receipt is written when all are
visible. Whatever ends this half way leaves whole files without a receipt: the next run finds the same bytes
there and adopts them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from mhsync.api.download import Fetched
from mhsync.core.plan import PlannedOutput, ProjectPlan
from mhsync.core.project import Download, Project
from mhsync.core.receipt import Receipt, StoredOutput
from mhsync.errors import DownloadError, OutputRejected, PathOccupied
from mhsync.reconcile.act_move import end_moves
from mhsync.reconcile.reading import Owners, read_back
from mhsync.reconcile.run import Run
from mhsync.storage.base import LocalWriter, Storage, Writer
from mhsync.storage.receipts import read_receipt, update_receipt


def download(run: Run, storage: Storage, owners: Owners, plan: ProjectPlan, project: Project) -> Receipt:
    """Store all outputs of a project and write its receipt.

    Raises:
        PathOccupied: a file of other bytes, which no receipt of this project names, stands under a path.
        DownloadError, OutputRejected, ApiError, StorageError, Interrupted: the output could not be stored.
    """
    api, limit = run.client.origin, run.settings.run.receipt_max
    known = read_receipt(storage, plan.id, limit=limit)
    before = Receipt.start(plan.id, api) if known is None else known.for_api(api)
    links = _Links(run, project)
    outputs = tuple(
        _Fetch(run, storage, owners, project, planned, before).fetch(links, index)
        for index, planned in enumerate(plan.outputs)
    )
    outputs = _with_superseded(outputs, before)
    receipt = update_receipt(
        storage, plan.id, api, lambda receipt: receipt.with_stored(project, outputs, run.now()), limit=limit
    )
    if any(output.superseded is not None for output in outputs):
        end_moves(run, storage, owners, plan.id)
    return receipt


class _Links:
    """The signed links of a project's outputs, renewed by a `GET` when a host refuses one."""

    def __init__(self, run: Run, project: Project) -> None:
        self._run = run
        self._downloads = project.downloads
        self._id = project.id

    def get(self, index: int) -> Download:
        return self._downloads[index]

    def renew(self, index: int) -> Download:
        wanted = self._downloads[index].source
        fresh = self._run.client.get(self._id).downloads
        if [download.source for download in fresh] != [download.source for download in self._downloads]:
            raise DownloadError(
                f"the API no longer offers the outputs that were planned, {wanted} among them",
                hint="apply again: the next run plans with what the API offers now",
                id=self._id,
            )
        self._downloads = fresh
        return fresh[index]


class _SameBytesError(Exception):
    """The file under the path has the very bytes that were fetched: nothing is to be written."""


@dataclass(slots=True)
class _Fetch:
    """One output on its way into the storage."""

    run: Run
    storage: Storage
    owners: Owners
    project: Project
    planned: PlannedOutput
    before: Receipt
    output: StoredOutput | None = None

    def fetch(self, links: _Links, index: int) -> StoredOutput:
        with suppress(_SameBytesError):
            self.run.client.download(
                links.get(index),
                self._opener(),
                renew=lambda: links.renew(index),
                finish=self._finish,
            )
        assert self.output is not None, "the client calls `finish` before it returns"
        return self.output

    def _opener(self) -> Callable[[], AbstractContextManager[Writer]]:
        if self.run.hooks.has_checks and not self.storage.gives_local_files:
            return _spool
        return lambda: self.storage.write(self.planned.path)

    def _finish(self, writer: Writer, fetched: Fetched) -> None:
        """The body is whole: check it, see whose file stands under its path, and let it become visible."""
        planned = self.planned
        output = StoredOutput(
            planned.path, fetched.size, fetched.sha256, planned.source, planned.filename, fetched.proof
        )
        self.output = replace(output, facts=self._facts(output, writer))
        self._yield_to_strangers(output)
        if isinstance(writer, _Spool):
            writer.copy_to(self.storage, planned.path)

    def _facts(self, output: StoredOutput, writer: Writer) -> Mapping[str, Any]:
        if not self.run.hooks.has_checks:
            return {}
        if isinstance(writer, LocalWriter):
            writer.flush()
            before = _stamp(writer.local_path)
            facts = self.run.hooks.check_output(self.project, output, writer.local_path)
            if _stamp(writer.local_path) != before:
                raise OutputRejected(
                    f"a check changed {output.path} while it looked at it, which none may",
                    hint="find out which with MHSYNC_PLUGINS, and mend it",
                    id=self.project.id,
                )
            return facts
        raise DownloadError(
            f"{output.path} cannot be shown to the checks: its storage gives no local file", id=self.project.id
        )

    def _yield_to_strangers(self, output: StoredOutput) -> None:
        """Never overwrite a file that no receipt of this project names; the same bytes are adopted."""
        if output.path in self.before.paths:
            return
        there = self.storage.stat(output.path)
        if there is None:
            return
        what = "its bytes are others"
        chunk = self.run.settings.download.chunk
        if there.size == output.size:
            found = read_back(self.storage, output.path, chunk=chunk, stop=self.run.stop)
            if found is not None and found.is_of(output):
                if not self.owners.is_anothers(output.path, self.project.id):
                    raise _SameBytesError
                what = "another receipt names it"
        raise PathOccupied(
            f"a file that no receipt of {self.project.id} names stands at {output.path}, and {what}",
            hint="move it away or give the project another path in the manifest; mhsync overwrites no file it did "
            "not write",
            id=self.project.id,
        )


def _stamp(file: Path) -> tuple[int, int]:
    """What shows that a file was written to: its size in bytes, and when it was."""
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns


class _Spool:
    """A local file for bytes on their way to a storage elsewhere, so that checks can look at them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.local_path = Path(file.name)

    def write(self, data: bytes, /) -> int:
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def copy_to(self, storage: Storage, path: str) -> None:
        self.flush()
        with self.local_path.open("rb") as reader, storage.write(path) as writer:
            shutil.copyfileobj(reader, writer, 1024 * 1024)


@contextmanager
def _spool() -> Iterator[Writer]:
    with tempfile.NamedTemporaryFile(prefix="mhsync-") as file:
        yield _Spool(file)


def _with_superseded(outputs: tuple[StoredOutput, ...], before: Receipt) -> tuple[StoredOutput, ...]:
    """Note where whole copies of the same outputs still stand under former paths: `move` removes them."""
    now_used = {output.path for output in outputs}
    former = {o.source: o for o in before.outputs if o.path not in now_used}
    return tuple(
        replace(o, superseded=former[o.source].path)
        if o.source in former and (former[o.source].size, former[o.source].sha256) == (o.size, o.sha256)
        else o
        for o in outputs
    )
