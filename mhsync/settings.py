"""Every bound mhsync keeps, by name. Times are seconds, sizes are bytes.

Nothing here reads the environment; `cli/` replaces single fields from flags.
"""

from __future__ import annotations

from dataclasses import dataclass, field

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Bounds of one call to the API or to a download host, its retries included."""

    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    attempts: int = 6
    retry_window: float = 30.0
    """No further attempt of a call begins later than this after its first, Retry-After aside."""
    backoff: float = 0.25
    """The first pause between attempts; it doubles each time, and jitter takes up to half of it away."""
    backoff_max: float = 8.0
    retry_after_max: float = 600.0
    """The longest Retry-After that is waited for; a longer one ends the call."""
    head_timeout: float = 30.0
    """For opening a connection, and again for a whole head: status line, headers and interim answers."""
    head_max: int = 256 * KIB
    """For one head, and for the trailers of a chunked body."""
    interim_max: int = 8
    """Interim answers (100 Continue and its like) before the answer."""
    rate_min: int = 1 * KIB
    """A body that brings fewer bytes a second than this, averaged over `rate_window`, is given up."""
    rate_window: float = 60.0
    notice_after: float = 2.0
    """A wait before another attempt that is longer than this is reported (`Client(on_wait=…)`)."""
    answer_max: int = 1 * MIB
    """A details body is about 1 KiB; more than this is not one."""
    outputs_max: int = 1000
    """Outputs of one project; a project has a few. Details with more are not believed."""
    redirects: int = 5
    pool: int = 32


@dataclass(frozen=True, slots=True)
class RateLimitSettings:
    """How a run slows down for an origin that answers 429 or 503, and recovers."""

    rate: float | None = None
    """Requests a second at most; None is no cap."""
    floor: float = 0.5
    """Requests a second that are always allowed, however often the origin refuses."""
    cut: float = 0.7
    """A refusal multiplies the rate by this."""
    step: float = 0.05
    """Each second without a refusal adds this share of the rate."""
    pause: float = 0.5
    """The first pause of the whole run after a refusal without Retry-After; it doubles while refusals go on."""
    pause_max: float = 30.0
    silence: int = 12
    """Requests in a row without any response, after which all requests to an origin are paused."""
    patience: float = 30.0
    """Calls are given up once an origin has refused everything for longer than this, Retry-After aside."""
    quota_patience: float = 120.0
    """The same where it answers 429, and answered ten requests before: quotas are often by the minute."""
    silence_patience: float = 15.0
    """Requests are given up when an origin has not responded for longer than this."""


@dataclass(frozen=True, slots=True)
class DownloadSettings:
    """Bounds of one output's download."""

    attempts: int = 6
    """Attempts in a row that brought no byte; an attempt that got further does not count."""
    chunk: int = 256 * KIB
    read_timeout: float = 60.0
    max_output_size: int = 10 * GIB
    """A larger output fails at once: before its body is read where its length is announced, else at this size."""
    renewals: int = 2
    """New links asked for when a download host refuses one."""
    resumes: int = 1000
    """Broken transfers that are resumed before one output is given up."""
    partial_age: float = 7 * 24 * 3600.0
    """What an interrupted download has fetched is kept for a later run for this long."""


@dataclass(frozen=True, slots=True)
class WaitSettings:
    """Polling while projects render. The vendor advises every 3 s with backoff (FACTS: Outputs)."""

    first: float = 3.0
    factor: float = 1.5
    most: float = 15.0
    unknown: float = 300.0
    """How long `check_result` waits for a status that mhsync does not know, where it is given no timeout."""


@dataclass(frozen=True, slots=True)
class ManifestSettings:
    """Bounds of what is read from files."""

    size: int = 32 * MIB
    depth: int = 8
    values: int = 1_000_000
    """Keys and values in one file: a bound on memory. A project takes three to seven."""
    text: int = 64 * KIB
    """Characters of one key or value."""
    problems: int = 50
    """Problems reported for one file; the others are counted."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Bounds of a whole run."""

    checkers: int = 16
    """GETs at once."""
    transfers: int = 8
    """Downloads, moves or deletes at once."""
    deadline: float = 6 * 3600.0
    """A run begins no new work after this."""
    lock_timeout: float = 600.0
    """How long to wait for another run to let go of a storage."""
    receipt_max: int = 4 * MIB
    notify_timeout: float = 120.0
    """How long the end of a run waits for notifications that are under way."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All bounds; frozen, so that one can be handed to every room."""

    http: HttpSettings = field(default_factory=HttpSettings)
    pace: RateLimitSettings = field(default_factory=RateLimitSettings)
    download: DownloadSettings = field(default_factory=DownloadSettings)
    wait: WaitSettings = field(default_factory=WaitSettings)
    manifest: ManifestSettings = field(default_factory=ManifestSettings)
    run: RunSettings = field(default_factory=RunSettings)
