"""The bounds of the plugin. Times are in seconds, sizes in bytes."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of requests, uploads and downloads."""

    connect_timeout: float = 10.0
    quick_timeout: float = 30.0
    """For a request that transfers no file: list, stat, remove."""
    timeout: float = 300.0
    """For a request that transfers up to `part` or `read` bytes, or copies a file on the server."""
    retries: int = 5
    """Further attempts of one request. Only obstore repeats requests."""
    retry_window: float = 30.0
    """Time after the first attempt at which the last one may begin."""
    backoff: float = 0.25
    backoff_max: float = 8.0
    metadata_timeout: float = 2.0
    """Time to connect to the metadata service of a cloud machine."""
    part: int = 5 * MIB
    """Size of the parts of an upload. A shorter file is sent in one request."""
    short: int = 256 * 1024
    """An object of up to this size is kept in memory until it is complete, and its version is then known."""
    parts_at_once: int = 1
    read: int = 32 * MIB
    """Bytes that one request of a download asks for."""
    chunk: int = 1 * MIB
    """Bytes of a download that are received at once."""
    page: int = 1000
    """Entries of a listing that are kept in memory. The pages of the services have the same length."""
    copy_max: int = 5 * 1024 * MIB
    """S3 copies at most this in one request. A larger file is copied through this machine."""

    @property
    def largest(self) -> int:
        """The maximum size of an upload: S3 accepts 10,000 parts."""
        return 10_000 * self.part
