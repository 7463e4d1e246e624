"""Progress events of a run, and the observer that receives them."""

from __future__ import annotations

from collections.abc import Callable

from mhsync.api.notice import WaitNotice
from mhsync.api.transfer_events import TransferEnded, TransferProgressed
from mhsync.core.run_report import ProjectResult
from mhsync.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ChecksProgressed:
    """The API was asked about `done` of `total` projects."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ProjectFinished:
    """The result of one project is final. Unchanged projects are left out."""

    result: ProjectResult


@dataclass(frozen=True, slots=True)
class WaitingForRenders:
    """`pending` projects are still rendering; the run waits `seconds_left` seconds more at most."""

    pending: int
    seconds_left: float


@dataclass(frozen=True, slots=True)
class StorageLocked:
    """Another run holds a storage. `holder` describes that run in one line."""

    holder: str


@dataclass(frozen=True, slots=True)
class RetryDelayed:
    """A request waits for its next attempt.

    This event and the events of transfers are sent from any thread, all others from the main thread.
    """

    notice: WaitNotice


@dataclass(frozen=True, slots=True)
class Warned:
    """Something failed that does not fail the run, for example a notification. `message` is one line."""

    message: str


ProgressEvent = (
    ChecksProgressed
    | ProjectFinished
    | WaitingForRenders
    | StorageLocked
    | RetryDelayed
    | Warned
    | TransferProgressed
    | TransferEnded
)

Observer = Callable[[ProgressEvent], None]
"""Called with each event. It must return quickly and must not raise."""


def ignore_progress(event: ProgressEvent) -> None:
    """An observer that does nothing."""
