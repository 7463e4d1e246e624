"""Rows of the table: what is measured, by which contenders, and how a row is run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from benchmarks.measure import MIB, Sample, median, run_process
from benchmarks.workspace import Workspace


def _nothing() -> None:
    return None


def _no_note() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Contender:
    """A command that does the work of a row."""

    name: str
    command: Sequence[str]
    items: int
    """Projects (or processes, in the rows about starting) that one run of the command handles."""
    size: int = 0
    """Bytes of content that one run handles; 0 where the row is not about content."""
    ceiling: float | None = None
    """Items a second that the latency of the server and the number of connections allow."""
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    """Where the command runs; None is the folder of the row."""
    exit_codes: Sequence[int] = (0,)
    reset: Callable[[], None] = _nothing
    """Brings the folders into the state before a run. Not measured."""
    check: Callable[[], str] = _no_note
    """Checks after a run that the work was done, and returns a note for the table. Not measured."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The medians of one contender in one row."""

    name: str
    items: int
    size: int
    ceiling: float | None
    samples: tuple[Sample, ...]
    note: str = ""

    @property
    def middle(self) -> Sample:
        return median(self.samples)

    def metric(self, name: str) -> float:
        """A figure by its name in `bounds.py`.

        Raises:
            KeyError: no such figure, or this row does not have it.
        """
        sample = self.middle
        figures = {
            "wall": sample.wall,
            "rate": self.items / sample.wall,
            "cpu_ms": sample.cpu * 1000 / self.items,
            "memory_mib": sample.memory / MIB,
            "memory_kib_per_item": sample.memory / 1024 / self.items,
        }
        if self.size:
            figures["mb_per_s"] = self.size / 1e6 / sample.wall
        if self.ceiling is not None:
            figures["share"] = self.items / sample.wall / self.ceiling
        return figures[name]


Setup: TypeAlias = Callable[[Workspace], AbstractContextManager[Sequence[Contender]]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    key: str
    title: str
    open: Setup
    """Starts the servers of the row, prepares its files and gives its contenders."""
    is_large: bool = False
    """Only part of the full scale: it takes minutes or gigabytes."""


@dataclass(frozen=True, slots=True)
class RowResult:
    key: str
    title: str
    measurements: tuple[Measurement, ...]

    def find(self, name: str) -> Measurement | None:
        return next((each for each in self.measurements if each.name == name), None)


def run_row(row: Row, workspace: Workspace, *, runs: int, only: Sequence[str] = ()) -> RowResult:
    """Run all contenders of a row in turn, `runs` times.

    Every round begins with another contender, so that none always follows the same one. What the last one wrote is
    flushed to the disk before the next one starts.

    Args:
        only: names of contenders; empty for all.
    """
    with row.open(workspace) as found:
        contenders = [each for each in found if not only or each.name in only]
        samples: dict[str, list[Sample]] = {each.name: [] for each in contenders}
        notes: dict[str, str] = {}
        for round_ in range(runs):
            first = round_ % len(contenders) if contenders else 0
            for contender in (*contenders[first:], *contenders[:first]):
                sample, notes[contender.name] = _run_once(contender, workspace)
                samples[contender.name].append(sample)
                print(f"  {row.key}: {contender.name}: {sample.wall:.2f} s", file=sys.stderr, flush=True)
    return RowResult(
        row.key,
        row.title,
        tuple(
            Measurement(
                each.name, each.items, each.size, each.ceiling, tuple(samples[each.name]), notes.get(each.name, "")
            )
            for each in contenders
        ),
    )


def _run_once(contender: Contender, workspace: Workspace) -> tuple[Sample, str]:
    contender.reset()
    os.sync()
    sample = run_process(
        contender.command,
        cwd=contender.cwd or workspace.folder,
        env={**workspace.env, **contender.env},
        log=workspace.folder / "output.log",
        exit_codes=contender.exit_codes,
    )
    return sample, contender.check()
