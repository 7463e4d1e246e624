"""Keeps the bytes of an interrupted download, and checks that a response in a later run continues them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from mhsync.api.digest import StreamDigest
from mhsync.api.transfer import CannotResume, Sink, Transfer
from mhsync.api.transport import HttpResponse
from mhsync.errors import Interrupted
from mhsync.fileio.partial import Partial, Restored

W_contra = TypeVar("W_contra", bound=Sink, contravariant=True)


class Keeper(Protocol[W_contra]):
    """Keeps the first part of one output, and returns it to a later call."""

    def restore(self, writer: W_contra, source: str, *, head: int, check: Callable[[], None]) -> Restored | None:
        """Put the kept bytes into an empty writer; None where no kept bytes fit."""

    def keep(self, writer: W_contra, partial: Partial) -> bool:
        """Keep the written bytes; True if they were kept. The writer is not used afterwards."""


def restored_transfer(restored: Restored, sink: Sink) -> Transfer:
    """A transfer that continues restored bytes."""
    partial = restored.partial
    return Transfer(
        sink,
        size=partial.size,
        total=partial.total,
        validator=partial.validator,
        head=restored.head,
        _etag=partial.etag,
        _digest=StreamDigest(restored.digest),
    )


def require_same_file(response: HttpResponse, partial: Partial) -> None:
    """Check that a response is the rest of the file of which an earlier run kept the first part.

    Within one call a host may leave the validator out of its later responses. In a later run it must repeat it.

    Raises:
        CannotResume: the response does not prove it.
    """
    if response.status != 206 or partial.validator not in (
        response.header("etag"),
        response.header("last-modified"),
    ):
        raise CannotResume("the host does not prove that the file is unchanged since the earlier run")


def interrupted_error(transfer: Transfer | None, source: str, keep: Callable[[Partial], bool]) -> Interrupted:
    """Keep the received bytes if that is safe, and return the error that reports whether they were kept."""
    if transfer is None or not transfer.size:
        return Interrupted(f"interrupted before the first byte of {source} was received")
    partial = _partial_of(transfer, source)
    action = "kept for the next run" if partial is not None and keep(partial) else "discarded"
    return Interrupted(f"interrupted while downloading {source}; {transfer.size:,} bytes were {action}")


def _partial_of(transfer: Transfer, source: str) -> Partial | None:
    """The received bytes as a `Partial`; None if they have no strong validator or are already complete."""
    if transfer.validator is None or transfer.has_unverified_joins or transfer.is_ended:
        return None
    if transfer.total is not None and transfer.size >= transfer.total:
        return None
    return Partial(source, transfer.validator, transfer.etag, transfer.size, transfer.total, transfer.sha256)
