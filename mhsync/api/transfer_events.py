"""The events about the progress of downloads. They import nothing that only a download needs."""

from __future__ import annotations

from mhsync.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class TransferProgressed:
    """A download has received bytes. Sent at most ten times a second for each download.

    `received` becomes smaller where a download starts again. `size` is None where the host sent no length.
    """

    id: str
    path: str
    received: int
    size: int | None


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """The download of an output ended. `size` is the size of the complete file in bytes, None where it failed."""

    id: str
    path: str
    size: int | None


TransferEvent = TransferProgressed | TransferEnded
