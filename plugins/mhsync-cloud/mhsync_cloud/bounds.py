"""Every bound of the plugin, by name. Times are seconds, sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request, one upload and one download may take."""

    connect_timeout: float = 10.0
    quick_timeout: float = 30.0
    """A request that moves no file: listing, looking, removing."""
    timeout: float = 300.0
    """A request that moves up to `part` or `read` bytes, or copies within the service."""
    retries: int = 5
    """Further attempts of one request; obstore makes them, and nothing above it does."""
    retry_window: float = 30.0
    """No further attempt begins later than this after the first."""
    backoff: float = 0.25
    backoff_max: float = 8.0
    metadata_timeout: float = 2.0
    """How long a machine's own credential service may take to answer at all."""
    part: int = 5 * MIB
    """An upload goes in parts of this size; what is shorter goes in one request."""
    parts_at_once: int = 1
    read: int = 32 * MIB
    """A download asks for this many bytes a request."""
    chunk: int = 1 * MIB
    """What is taken from a download at a time."""
    page: int = 1000
    """Entries of a listing held at a time; the services give as many a page."""
    copy_max: int = 5 * 1024 * MIB
    """S3 copies no more than this in one request; a larger file is moved through this machine."""

    @property
    def largest(self) -> int:
        """S3 takes 10,000 parts, so no upload can be longer."""
        return 10_000 * self.part
