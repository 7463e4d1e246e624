"""The action `download`: every output of one project, then its receipt. Called only by `apply`.

An output becomes visible only when whole, proved and shown to the checks; the receipt is written when all are
visible. Whatever ends this half way leaves whole files that the receipt names in `storing`: the next run adopts
them, or removes them once the outputs are stored elsewhere.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from mhsync.api.download import Fetched
from mhsync.api.transfer_events import TransferEnded, TransferProgressed
from mhsync.core.plan import PlannedOutput, ProjectPlan
from mhsync.core.project import Download, Project, are_same_sources
from mhsync.core.receipt import Receipt, StoredOutput
from mhsync.dataclass import dataclass
from mhsync.errors import DownloadError, LinkExpired, OutputRejected
from mhsync.reconcile.context import Remark, RunContext
from mhsync.reconcile.ownership import Owners
from mhsync.reconcile.publish import Publisher
from mhsync.storage.base import LocalWriter, Storage, Writer
from mhsync.storage.receipts import receipt_path
from mhsync.storage_kit.spool import Spool, spooling

log = logging.getLogger(__name__)


def download(
    run: RunContext, storage: Storage, owners: Owners, plan: ProjectPlan, project: Project, remark: Remark
) -> Receipt:
    """Store all outputs of a project and write its receipt.

    Args:
        remark: called with the id and one line of text for the report.

    Raises:
        PathOccupied: a path holds a file of other bytes that another receipt names, or that no receipt names.
        DownloadError, OutputRejected, ApiError, StorageError, Interrupted: the output could not be stored.
    """
    paths = [planned.path for planned in plan.outputs]
    publisher = Publisher(run, storage, owners, plan.id, paths, remark)
    links = _Links(run, project, [planned.source for planned in plan.outputs])
    while True:
        try:
            outputs = tuple(
                _Fetch(run, storage, publisher, project, planned).fetch(links, index)
                for index, planned in enumerate(plan.outputs)
            )
        except _RestartError:
            log.debug("%s: downloading all outputs again with a new list of links", plan.id)
        else:
            return publisher.conclude(outputs, partial(_with_stored, project, outputs, run.now()))


def _with_stored(project: Project, outputs: tuple[StoredOutput, ...], now: datetime, receipt: Receipt) -> Receipt:
    return receipt.with_stored(project, outputs, now)


class _RestartError(Exception):
    """There is a new list of links, and it is not known which of them belongs to which output stored so far."""


class _Links:
    """The signed links of a project's outputs, renewed by a `GET` when a host refuses one.

    A new list may come in another order: links are matched by source. Where two outputs have one source, only the
    links of one list are known to be of different outputs, so that a new list starts all outputs again.
    """

    def __init__(self, run: RunContext, project: Project, sources: Sequence[str]) -> None:
        self._run = run
        self._id = project.id
        self._sources = tuple(sources)
        self._is_unique = len(set(sources)) == len(sources)
        self._restarts = 0
        self._downloads = self._in_order(project.downloads)

    def get(self, index: int) -> Download:
        return self._downloads[index]

    def renew(self, index: int) -> Download:
        self._downloads = self._in_order(self._run.client.get(self._id).downloads)
        if self._is_unique:
            return self._downloads[index]
        self._restarts += 1
        if self._restarts > self._run.settings.download.renewals:
            raise LinkExpired(
                f"{self._sources[index]}: a link was refused again after all outputs of {self._id} were started "
                f"{self._restarts} times",
                hint="the host refuses what the API gives out: run again later",
                id=self._id,
            )
        raise _RestartError

    def _in_order(self, downloads: Iterable[Download]) -> tuple[Download, ...]:
        """The links in the order of the planned outputs.

        Raises:
            DownloadError: they are not of the outputs that were planned.
        """
        by_source: dict[str, list[Download]] = {}
        for download in downloads:
            by_source.setdefault(download.source, []).append(download)
        if not are_same_sources((d.source for links in by_source.values() for d in links), self._sources):
            raise DownloadError(
                f"the API no longer offers the outputs of {self._id} that were planned",
                hint="apply again: the next run plans with what the API offers now",
                id=self._id,
            )
        return tuple(by_source[source].pop(0) for source in self._sources)


class _SameBytesError(Exception):
    """The file under the path has the very bytes that were fetched: nothing is to be written."""


@dataclass(slots=True)
class _Fetch:
    """One output on its way into the storage."""

    run: RunContext
    storage: Storage
    publisher: Publisher
    project: Project
    planned: PlannedOutput
    output: StoredOutput | None = None

    def fetch(self, links: _Links, index: int) -> StoredOutput:
        partials = self.storage.partials()
        try:
            with suppress(_SameBytesError):
                self.run.client.download(
                    links.get(index),
                    self._opener(),
                    renew=lambda: links.renew(index),
                    finish=self._finish,
                    keeper=None if partials is None else partials.under(_kept_name(self.project.id, index)),
                    report=self._report,
                    # The record of the output is written meanwhile. A check must not see a file that may be wrong.
                    finish_early=not self.run.hooks.has_checks,
                )
        except BaseException:
            self.run.observer(TransferEnded(self.project.id, self.planned.path, None))
            raise
        assert self.output is not None, "the client calls `finish` before it returns"
        self.run.observer(TransferEnded(self.project.id, self.planned.path, self.output.size))
        return self.output

    def _report(self, received: int, size: int | None) -> None:
        self.run.observer(TransferProgressed(self.project.id, self.planned.path, received, size))

    def _opener(self) -> Callable[[], AbstractContextManager[Writer]]:
        if self.run.hooks.has_checks and not self.storage.gives_local_files:
            # The checks need a local file; it is copied to the storage once they have passed.
            return lambda: spooling(self.planned.path)
        return lambda: self.storage.write(self.planned.path)

    def _finish(self, writer: Writer, fetched: Fetched) -> None:
        """The body is whole: check it, make way for it, and let it become visible."""
        planned = self.planned
        output = StoredOutput(
            planned.path,
            fetched.size,
            fetched.sha256,
            planned.source,
            planned.filename,
            fetched.proof,
            audio_format=fetched.audio_format,
        )
        self.output = replace(output, facts=self._facts(output, writer))
        if not self.publisher.make_way(output):
            raise _SameBytesError
        if isinstance(writer, Spool):
            _copy(writer, self.storage, planned.path)

    def _facts(self, output: StoredOutput, writer: Writer) -> Mapping[str, Any]:
        if not self.run.hooks.has_checks:
            return {}
        if isinstance(writer, LocalWriter):
            writer.flush()
            before = _stamp(writer.local_path)
            facts = self.run.hooks.check_output(self.project, output, writer.local_path)
            if _stamp(writer.local_path) != before:
                raise OutputRejected(
                    f"a plugin modified {output.path} during its check; checks must not modify files",
                    hint="find the plugin with MHSYNC_PLUGINS, and fix or uninstall it",
                    id=self.project.id,
                )
            return facts
        raise DownloadError(
            f"{output.path} cannot be shown to the checks: its storage gives no local file", id=self.project.id
        )


def _kept_name(id: str, index: int) -> str:
    """What an interrupted download is kept under: ids that differ in case only have names of their own."""
    return f"{PurePosixPath(receipt_path(id)).stem}-{index + 1}"


def _stamp(file: Path) -> tuple[int, int]:
    """What shows that a file was written to: its size in bytes, and when it was."""
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns


def _copy(spool: Spool, storage: Storage, path: str) -> None:
    with spool.local_path.open("rb") as reader, storage.write(path) as writer:
        shutil.copyfileobj(reader, writer, 1024 * 1024)
