"""The objects that the steps of a run share (RunContext), options of an apply, and the request to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from mhsync.api.client import Client
from mhsync.core.manifest import Limit
from mhsync.core.receipt import Receipt
from mhsync.core.redaction import without_queries
from mhsync.dataclass import dataclass
from mhsync.errors import MhsyncError
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.index_writer import Indexes
from mhsync.reconcile.progress import Observer, ignore_progress
from mhsync.settings import Settings
from mhsync.storage.base import Storage
from mhsync.storage.receipts import OnWritten, WrittenReceipt, ignore_written, update_receipt

if TYPE_CHECKING:
    from mhsync.core.saved_plan import SavedPlan

log = logging.getLogger(__name__)

T = TypeVar("T")


def attempt(id: str | None, work: Callable[[], T]) -> T | MhsyncError:
    """Do the work of one project: its result, or the error that it raised.

    The only place in this package that catches exceptions of every type: a defect of mhsync in the work of one
    project must not keep the other projects from being downloaded or their deletes from being recorded. Plugins
    raise errors of mhsync only: their storages are wrapped where they are opened.

    Args:
        id: the project, for the message of an unexpected exception; None if it is the work of a whole run.
        work: called once.
    """
    try:
        return work()
    except MhsyncError as error:
        return error
    except Exception as error:
        log.debug("unexpected exception in the work of %s", id or "a run", exc_info=error)
        text = " ".join(without_queries(str(error)).split())[:200]
        return MhsyncError(f"{type(error).__name__}: {text}", hint="run again with -vv for the traceback", id=id)


Remark = Callable[[str, str], None]
"""Called with the id of a project and one line for people about what was done to it; from any thread."""


class Stop:
    """A request to stop a run, from any thread. No new work begins, and running work is interrupted cleanly."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def request(self) -> None:
        """Request the stop. It cannot be withdrawn."""
        self._event.set()

    def __call__(self) -> bool:
        """Whether a stop was requested."""
        return self._event.is_set()

    def sleep(self, seconds: float) -> bool:
        """Sleep for a time in seconds, or until a stop is requested; True if it was."""
        return self._event.wait(seconds)


class InventoryContext(Protocol):
    """What reading a storage needs of its run."""

    @property
    def api(self) -> str:
        """The origin of the API whose records count."""

    @property
    def settings(self) -> Settings: ...

    @property
    def stop(self) -> Stop: ...

    @property
    def indexes(self) -> Indexes | None: ...

    @property
    def uses_index(self) -> bool: ...

    @property
    def refresh(self) -> bool: ...


class StorageContext(Protocol):
    """What the steps that write into a storage need of their run. It has no client: they send no request."""

    @property
    def api(self) -> str:
        """The origin of the API whose records are changed."""

    @property
    def settings(self) -> Settings: ...

    @property
    def stop(self) -> Stop: ...

    @property
    def observer(self) -> Observer: ...

    def update_receipt(
        self,
        storage: Storage,
        id: str,
        change: Callable[[Receipt], Receipt],
        *,
        known: WrittenReceipt | None = None,
        on_written: OnWritten = ignore_written,
    ) -> Receipt:
        """Change the record of a project for `api`.

        Args:
            known, on_written: as of `mhsync.storage.receipts.update_receipt`.

        Raises:
            StorageError, ReceiptInvalid: it could not be read or written.
        """


@dataclass(frozen=True, slots=True)
class RunContext:
    """The objects that the steps of one run share. Time and the request to stop are passed in."""

    client: Client
    hooks: Hooks
    now: Callable[[], datetime]
    clock: Callable[[], float] = time.monotonic
    """A monotonic clock in seconds, for waits."""
    settings: Settings = field(default_factory=Settings)
    stop: Stop = field(default_factory=Stop)
    observer: Observer = ignore_progress
    """Receives the progress events."""
    only: frozenset[str] = frozenset()
    """The ids to process; empty means all."""
    at: datetime | None = None
    """Judge retention as at this time, to show a plan; None is the present. An apply ignores it."""
    refresh: bool = False
    """Query the API even for projects already known to be done."""
    indexes: Indexes | None = None
    """Collects what the receipt indexes are to hold; None in a run that writes none."""
    uses_index: bool = True
    """Whether a receipt index may replace receipts. It has only what `plan` needs of them."""
    is_ci: bool = False
    """Whether this is a CI runner, whose local folders are removed when the job ends."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Environment variables in which `${NAME}` of a notify target is looked up."""

    @property
    def api(self) -> str:
        """The origin of the API."""
        return self.client.origin

    def update_receipt(
        self,
        storage: Storage,
        id: str,
        change: Callable[[Receipt], Receipt],
        *,
        known: WrittenReceipt | None = None,
        on_written: OnWritten = ignore_written,
    ) -> Receipt:
        """Change the receipt of a project for the API of this run, and record it for the index.

        Args:
            known, on_written: as of `mhsync.storage.receipts.update_receipt`.

        Raises:
            StorageError, ReceiptInvalid: it could not be read or written.
        """

        def written(receipt: Receipt, version: str | None) -> None:
            if self.indexes is not None:
                self.indexes.of(storage).add(receipt, version)
            on_written(receipt, version)

        limit, api = self.settings.run.receipt_max, self.api
        return update_receipt(storage, id, api, change, limit=limit, on_written=written, known=known)


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """The options of an apply."""

    no_deletes: bool = False
    """Whether to omit deletes: only download and move."""
    unattended: bool = False
    """Whether to omit the deletes of manifest files whose policy is not `deletes: allow`: no person is asked."""
    max_deletes: Limit | None = None
    """Replaces `policy.max_deletes` of each manifest file."""
    wait: float | None = None
    """Seconds to wait for renders; None does not wait. Not with a saved plan, which has no action for them."""
    saved: SavedPlan | None = None
    """Limits the run to the actions of a saved plan."""
