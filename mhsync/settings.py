"""Every limit of mhsync, by name. Times are seconds, sizes are bytes.

Nothing here reads the environment; `cli/` replaces single fields from flags.
"""

from __future__ import annotations

from dataclasses import field

from mhsync.dataclass import dataclass

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
    """No attempt of a call begins later than this after the first one, waits for Retry-After excluded."""
    backoff: float = 0.25
    """The first delay between attempts. It doubles each time; jitter shortens it by up to half."""
    backoff_max: float = 8.0
    retry_after_max: float = 600.0
    """The longest Retry-After that is honoured; a longer one ends the call."""
    head_timeout: float = 30.0
    """For opening a connection, and again for a whole head: status line, headers and interim answers."""
    head_max: int = 256 * KIB
    """For one head, and for the trailers of a chunked body."""
    fields_max: int = 100
    """Header lines of one head."""
    interim_max: int = 8
    """Interim responses (such as 100 Continue) before the final response."""
    rate_min: int = 1 * KIB
    """A transfer slower than this many bytes a second, averaged over `rate_window`, is aborted."""
    rate_window: float = 60.0
    notice_after: float = 2.0
    """A delay before the next attempt that is longer than this is reported (`Client(on_wait=…)`)."""
    answer_max: int = 1 * MIB
    """The largest response body of a `GET`. The details of a project take about 1 KiB."""
    outputs_max: int = 1000
    """The most outputs of one project. Details with more are rejected; a project has a few."""
    redirects: int = 5
    pool: int = 32


@dataclass(frozen=True, slots=True)
class RateLimitSettings:
    """How a run slows down for an origin that answers 429 or 503, and recovers."""

    rate: float | None = None
    """The most requests a second; None means no limit."""
    floor: float = 0.5
    """The rate never falls below this many requests a second."""
    cut: float = 0.7
    """Each 429 or 503 multiplies the rate by this."""
    step: float = 0.05
    """Each second without a 429 or 503 adds this share of the rate."""
    pause: float = 0.5
    """The first pause of the run after a 429 or 503 without Retry-After. It doubles while they continue."""
    pause_max: float = 30.0
    silence: int = 12
    """Requests in a row without any response, after which all requests to an origin are paused."""
    patience: float = 30.0
    """Calls fail once an origin has answered only 429 or 503 for longer than this, Retry-After excluded."""
    quota_patience: float = 120.0
    """The same for 429 after ten successful requests: quotas are often counted by the minute."""
    silence_patience: float = 15.0
    """Requests are given up when an origin has not responded for longer than this."""


@dataclass(frozen=True, slots=True)
class DownloadSettings:
    """Bounds of one output's download."""

    attempts: int = 6
    """Consecutive attempts that received no byte; attempts that received data do not count."""
    chunk: int = 256 * KIB
    read_timeout: float = 60.0
    max_output_size: int = 10 * GIB
    """A larger output fails: before its body is read if its length is announced, otherwise at this size."""
    renewals: int = 2
    """New links that are requested when a download host refuses one."""
    bandwidth: float | None = None
    """The most bytes per second that all downloads of a client receive together; None or 0 means no limit."""
    resumes: int = 1000
    """Broken transfers of one output that are resumed before the download fails."""
    partial_age: float = 7 * 24 * 3600.0
    """How long the data of an interrupted download is kept for a later run."""


@dataclass(frozen=True, slots=True)
class WaitSettings:
    """Polling while projects render. The vendor advises every 3 s with backoff (FACTS: Outputs)."""

    first: float = 3.0
    factor: float = 1.5
    most: float = 15.0
    unknown: float = 300.0
    """How long `check_result` waits while the status is unknown to mhsync, if it was given no timeout."""


@dataclass(frozen=True, slots=True)
class ManifestSettings:
    """Limits of manifest files."""

    projects: int = 2_000_000
    """Projects in one file."""
    size: int = 512 * MIB
    """Ends the reading of an endless file. It is 256 bytes for each of `projects`; a project takes 30 to 130."""
    depth: int = 8
    values: int = 8_000_000
    """Keys and values in one file, without entries of the common forms; limits memory. A project has 3 to 7."""
    text: int = 64 * KIB
    """Characters of one key or value."""
    problems: int = 50
    """Problems reported for one file; the others are counted."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Bounds of a whole run."""

    checkers: int = 16
    """Concurrent requests to the API. docs/design.md says why 16."""
    transfers: int = 8
    """Concurrent downloads or moves; deletes too, of which at most `checkers` run at once."""
    clock_skew_max: float = 15 * 60.0
    """If the clock of this machine and the API's are further apart, retention deletes nothing."""
    deadline: float = 6 * 3600.0
    """A run starts no new action after this."""
    lock_timeout: float = 600.0
    """How long to wait for another run to release the lock of a storage."""
    receipt_max: int = 4 * MIB
    waveform_parts: int = 80
    """Parts of the waveform of an output in an HTML report."""
    waveform_frames: int = 96
    """Frames that are read of each part."""
    index_max: int = 4 * GIB
    """A larger index of receipts is not used. A project takes about 300 bytes of it."""
    index_row_max: int = 64 * KIB
    """A receipt that takes more in the index is not in it, and is read from its own file."""
    index_rows_when_stopped: int = 20_000
    """The most receipts of which an interrupted run still writes the index."""
    checks_max: int = 512 * MIB
    """Bytes that are read of the times of the last checks. A project takes about 60."""
    notify_timeout: float = 120.0
    """How long the end of a run waits for notifications that are being sent."""
    git_timeout: float = 5.0
    """How long `git check-ignore` may take after the first apply into a folder."""


@dataclass(frozen=True, slots=True)
class InboxSettings:
    """Bounds of the inbox and of sightings. The vendor waits 10 s for an answer."""

    body_max: int = 1 * MIB
    """A delivery with a larger body is refused. The details of a project take about 1 KiB."""
    clock_tolerance: float = 300.0
    """How far the signed time of a delivery may be from the clock of this machine, in both directions."""
    request_timeout: float = 10.0
    """How long a sender may take for one whole request."""
    connections: int = 500
    """Open connections; further ones wait until one ends. Many systems allow a process 1024 open files."""
    threads: int = 16
    """Deliveries that are checked and stored at the same time."""
    sighting_max: int = 64 * KIB


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """When a watch runs. `mhsync watch --every` sets the interval."""

    every: float = 15 * 60.0
    """The interval between runs, from the end of one to the start of the next."""
    jitter: float = 0.1
    """The interval varies by up to this share, so that many machines do not run at the same moment."""
    debounce: float = 1.0
    """A run begins this long after the last change of a manifest, or after the last webhook."""
    debounce_max: float = 3.0
    """A run begins this long after the first of them at the latest."""
    tick: float = 0.25
    """How often the loop looks for webhooks and at the clock."""
    poll: float = 2.0
    """How often it looks for changes of the manifest files."""
    backoff: float = 5.0
    """The first delay after a failed run. It doubles with each failed run in a row."""
    backoff_max: float = 5 * 60.0
    """The longest delay after a failed run, unless `every` is shorter."""
    backoff_webhook: float = 5.0
    """After a failed run, a webhook starts the next run after this delay at the earliest."""
    stalled_after: float = 60.0
    """`/healthz` fails if the loop has not looked at the clock for this long, and no run is active."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All limits. Frozen, so that one object can be shared."""

    http: HttpSettings = field(default_factory=HttpSettings)
    pace: RateLimitSettings = field(default_factory=RateLimitSettings)
    download: DownloadSettings = field(default_factory=DownloadSettings)
    wait: WaitSettings = field(default_factory=WaitSettings)
    manifest: ManifestSettings = field(default_factory=ManifestSettings)
    run: RunSettings = field(default_factory=RunSettings)
    inbox: InboxSettings = field(default_factory=InboxSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
