"""Downloads that a later run goes on with: what is kept at an interrupt, and what the host must prove then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from mhsync.api.transfer import Body, CannotContinue, Sink
from mhsync.api.transport import HttpResponse
from mhsync.errors import Interrupted
from mhsync.fileio.partial import Partial, Restored

W_contra = TypeVar("W_contra", bound=Sink, contravariant=True)


class Keeper(Protocol[W_contra]):
    """Keeps the beginning of one output, and gives it back to a later call."""

    def restore(self, writer: W_contra, source: str, *, head: int, check: Callable[[], None]) -> Restored | None:
        """Put what was kept into a writer to which nothing was written yet; None where nothing fits."""

    def keep(self, writer: W_contra, partial: Partial) -> bool:
        """Keep what was written; whether that was done. The writer is not written to afterwards."""


def body_of(restored: Restored, sink: Sink) -> Body:
    """A body of which the beginning has come already."""
    partial = restored.partial
    return Body(
        sink,
        size=partial.size,
        total=partial.total,
        validator=partial.validator,
        head=restored.head,
        _etag=partial.etag,
        _digest=restored.digest,
    )


def must_continue(answer: HttpResponse, partial: Partial) -> None:
    """See that an answer is the rest of the file whose beginning an earlier run fetched.

    Within one call a host may leave the validator out of its further answers; a day later it must repeat it.

    Raises:
        CannotContinue: it does not prove that.
    """
    if answer.status != 206 or partial.validator not in (answer.header("etag"), answer.header("last-modified")):
        raise CannotContinue("the host does not prove that the file is still the one that was begun")


def interrupted(body: Body | None, source: str, keep: Callable[[Partial], bool]) -> Interrupted:
    """Keep what has come, if that is safe; the error that says what became of it."""
    if body is None or not body.size:
        return Interrupted(f"interrupted before the first byte of {source} came")
    partial = _partial_of(body, source)
    if partial is not None and keep(partial):
        return Interrupted(
            f"interrupted while downloading {source}; {body.size:,} bytes were kept for the next run"
        )
    return Interrupted(f"interrupted while downloading {source}; {body.size:,} bytes were discarded")


def _partial_of(body: Body, source: str) -> Partial | None:
    """What can be gone on with: a part of a file that the host names by a strong validator."""
    if body.validator is None or body.was_joined or body.is_ended:
        return None
    if body.total is not None and body.size >= body.total:
        return None
    return Partial(source, body.validator, body.etag, body.size, body.total, body.sha256)
