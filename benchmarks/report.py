"""Writes the results as JSON and as a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.bounds import Finding
from benchmarks.measure import MIB, Sample
from benchmarks.row import Measurement, RowResult


def to_json(
    results: Sequence[RowResult], findings: Sequence[Finding], machine: Mapping[str, str], command: str
) -> dict[str, Any]:
    return {
        "machine": dict(machine),
        "command": command,
        "rows": [
            {"key": row.key, "title": row.title, "contenders": [_measurement(each) for each in row.measurements]}
            for row in results
        ],
        "bounds": [
            {"row": each.bound.row, "bound": each.bound.text, "value": round(each.value, 4), "met": each.is_met}
            for each in findings
        ],
    }


def from_json(document: Mapping[str, Any]) -> list[RowResult]:
    """The rows of a document that `to_json` wrote: rows that were measured one by one make one table."""
    return [
        RowResult(
            row["key"],
            row["title"],
            tuple(
                Measurement(
                    each["name"],
                    each["items"],
                    each["bytes"],
                    each["ceiling_per_s"],
                    tuple(
                        Sample(sample["wall_s"], sample["cpu_s"], sample["peak_memory_bytes"])
                        for sample in each["samples"]
                    ),
                    each["note"],
                )
                for each in row["contenders"]
            ),
        )
        for row in document["rows"]
    ]


def to_markdown(
    results: Sequence[RowResult], findings: Sequence[Finding], machine: Mapping[str, str], command: str
) -> str:
    """The machine, the table of measurements, and the table of bounds."""
    lines = [f"Machine: {', '.join(f'{name} {value}' for name, value in machine.items())}.", ""]
    lines += [f"Command: `{command}`", ""]
    lines += ["| row | contender | time | rate | CPU an item | peak memory | |", "|---|---|--:|--:|--:|--:|---|"]
    for row in results:
        for index, each in enumerate(row.measurements):
            lines.append(f"| {row.title if index == 0 else ''} | {' | '.join(_cells(each))} |")
    lines += ["", "| row | bound | measured | |", "|---|---|--:|---|"]
    for finding in findings:
        mark = "met" if finding.is_met else "**not met**"
        lines.append(f"| {finding.bound.row} | {finding.bound.text} | {finding.value:.2f} | {mark} |")
    return "\n".join(lines) + "\n"


def _cells(each: Measurement) -> list[str]:
    middle = each.middle
    rate = (
        f"{each.metric('mb_per_s'):,.0f} MB/s"
        if each.size and each.items < 1000
        else f"{each.metric('rate'):,.0f}/s"
    )
    note = each.note
    if each.ceiling is not None:
        note = f"{each.metric('share'):.2f} of the limit {each.ceiling:,.0f}/s"
    cpu = each.metric("cpu_ms")
    return [
        each.name,
        f"{middle.wall:.3f} s",
        rate,
        f"{cpu:.3f} ms" if cpu < 100 else f"{cpu / 1000:.2f} s",
        f"{middle.memory / MIB:,.0f} MiB",
        note,
    ]


def _measurement(each: Measurement) -> dict[str, Any]:
    middle = each.middle
    return {
        "name": each.name,
        "items": each.items,
        "bytes": each.size,
        "wall_s": round(middle.wall, 4),
        "cpu_s": round(middle.cpu, 4),
        "peak_memory_bytes": middle.memory,
        "ceiling_per_s": each.ceiling,
        "note": each.note,
        "samples": [
            {"wall_s": round(one.wall, 4), "cpu_s": round(one.cpu, 4), "peak_memory_bytes": one.memory}
            for one in each.samples
        ],
    }
