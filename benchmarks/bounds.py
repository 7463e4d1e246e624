"""What mhsync must reach: one table. `make bench-check` fails where a bound is missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.row import RowResult

_NAMES = {
    "rate": "rate",
    "mb_per_s": "rate",
    "wall": "time",
    "share": "rate ÷ (connections ÷ latency)",
    "cpu_ms": "CPU in ms a project",
    "memory_mib": "peak memory in MiB",
    "memory_kib_per_item": "peak memory in KiB a project",
    "projects_per_s": "projects a second",
}


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure of a contender, or its ratio to that of another one, and the limit for it."""

    row: str
    metric: str
    least: float | None = None
    most: float | None = None
    of: str | None = None
    """The contender to compare with. None compares the figure itself."""
    contender: str = "mhsync"
    of_row: str | None = None
    """The row of `of`; None is the same row."""

    @property
    def text(self) -> str:
        sign, limit = ("≥", self.least) if self.least is not None else ("≤", self.most)
        subject = f"{self.contender}: " if self.contender != "mhsync" else ""
        where = f" ({self.of_row})" if self.of_row else ""
        return f"{subject}{_NAMES[self.metric]} {sign} {limit:g}" + (f" × {self.of}{where}" if self.of else "")


@dataclass(frozen=True, slots=True)
class Finding:
    """A bound and what was measured."""

    bound: Bound
    value: float

    @property
    def is_met(self) -> bool:
        least, most = self.bound.least, self.bound.most
        return (least is None or self.value >= least) and (most is None or self.value <= most)


BOUNDS: tuple[Bound, ...] = (
    Bound("plan", "rate", least=2, of="sdk"),
    Bound("plan", "cpu_ms", most=0.4),
    Bound("latency-8", "share", least=0.9),
    Bound("latency-32", "share", least=0.9),
    Bound("latency-64", "share", least=0.9),
    Bound("latency-128", "share", least=0.7),
    Bound("apply-files", "mb_per_s", least=10, of="sdk"),
    Bound("apply-files", "mb_per_s", least=2, of="curl + sha256sum + sync"),
    # More transfers never make it slower: 5 % for the differences between two runs of the same command.
    Bound("apply-files", "mb_per_s", least=0.95, of="mhsync", contender="mhsync --transfers 16"),
    Bound("apply-files", "mb_per_s", least=0.95, of="mhsync", contender="mhsync --transfers 32"),
    Bound("apply-large", "mb_per_s", least=0.85, of="curl"),
    Bound("apply-large", "memory_mib", most=60),
    Bound("apply-small", "rate", least=1200),
    Bound("settled-10k", "wall", most=3, of="yaml.load"),
    Bound("settled-100k", "wall", most=3, of="yaml.load"),
    Bound("validate-100k", "wall", most=1.5, of="yaml.load"),
    # Linear in the number of projects: a project of a million costs at most what one of 100,000 does, and 10 %.
    Bound("settled-1m", "rate", least=0.9, of="mhsync", of_row="settled-100k"),
    Bound("settled-1m", "memory_kib_per_item", most=1),
    Bound("validate-1m", "rate", least=0.9, of="mhsync", of_row="validate-100k"),
    Bound("json-1m", "rate", least=0.9, of="mhsync", of_row="json-100k"),
    Bound("json-1m", "memory_kib_per_item", most=1),
    Bound("start", "wall", most=1.5, of="import click", contender="mhsync --version"),
    Bound("start", "wall", most=4, of="import click", contender="mhsync plan"),
    Bound("verify", "mb_per_s", least=0.7, of="sha256sum, xargs -P 2"),
    Bound("s3-apply", "mb_per_s", least=0.7, of="rclone copy"),
    Bound("s3-verify", "mb_per_s", least=0.7, of="rclone copy"),
    Bound("sftp-apply", "mb_per_s", least=0.7, of="sftp put"),
    Bound("sftp-verify", "mb_per_s", least=0.7, of="sftp get"),
)


def check_bounds(results: Sequence[RowResult], bounds: Sequence[Bound] = BOUNDS) -> list[Finding]:
    """Compare results with the bounds. Bounds of rows and contenders that were not measured are left out."""
    rows = {result.key: result for result in results}
    findings = []
    for bound in bounds:
        row, other_row = rows.get(bound.row), rows.get(bound.of_row or bound.row)
        subject = row.find(bound.contender) if row else None
        reference = other_row.find(bound.of) if other_row and bound.of else None
        if subject is None or (bound.of and reference is None):
            continue
        value = subject.metric(bound.metric)
        findings.append(Finding(bound, value / reference.metric(bound.metric) if reference else value))
    return findings
