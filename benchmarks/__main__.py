"""`python -m benchmarks`: runs the suite. See `--help`, and docs/performance.md."""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bounds import check_bounds
from benchmarks.machine import describe
from benchmarks.measure import ProcessFailed
from benchmarks.report import from_json, to_json, to_markdown
from benchmarks.row import Row, RowResult, run_row
from benchmarks.rows import ROWS
from benchmarks.servers.processes import ServerMissing
from benchmarks.workspace import Workspace

ROOT = Path(__file__).parent.parent


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.list:
        print("\n".join(f"{row.key:16} {row.title}{' (full scale only)' if row.is_large else ''}" for row in ROWS))
        return 0
    if options.tables:
        results = [row for file in options.tables for row in from_json(json.loads(file.read_text()))]
        print(to_markdown(results, check_bounds(results), describe(options.folder), "make bench"), end="")
        return 0
    rows = _selected(options.only, is_full=options.scale == "full")
    if not rows:
        print("no row matches --only; --list prints their keys", file=sys.stderr)
        return 1
    if options.prepare:
        options.runs = 0
    options.folder.mkdir(parents=True, exist_ok=True)
    workspace = Workspace(options.folder.resolve(), options.scale == "full")
    measured: list[RowResult] = []
    failed = False
    for row in rows:
        print(f"{row.key}: {row.title}", file=sys.stderr, flush=True)
        try:
            measured.append(run_row(row, workspace, runs=options.runs, only=options.contender))
        except (ServerMissing, ProcessFailed, RuntimeError, subprocess.SubprocessError) as error:
            print(f"{row.key} failed: {error}", file=sys.stderr)
            failed = True
    if options.prepare:
        return 1 if failed else 0
    findings = check_bounds(measured)
    command = shlex.join(["python", "-m", "benchmarks", *arguments])
    machine = describe(workspace.folder)
    print(to_markdown(measured, findings, machine, command), end="")
    if options.json:
        document = to_json(measured, findings, machine, command)
        options.json.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    missed = [each for each in findings if not each.is_met]
    if options.check:
        for finding in missed:
            print(f"missed: {finding.bound.row}: {finding.bound.text}: {finding.value:.2f}", file=sys.stderr)
    return 1 if failed or (options.check and missed) else 0


def _selected(keys: Sequence[str], *, is_full: bool) -> list[Row]:
    """The rows with one of these keys, or whose keys begin with it; without keys, all of the scale."""
    if keys:
        return [row for row in ROWS if any(row.key == key or row.key.startswith(f"{key}-") for key in keys)]
    return [row for row in ROWS if is_full or not row.is_large]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", default=[], metavar="ROW", help="a row, or the first part of its key"
    )
    parser.add_argument("--contender", action="append", default=[], metavar="NAME", help="only this contender")
    parser.add_argument("--scale", choices=("small", "full"), default="full", help="small: for make bench-check")
    parser.add_argument(
        "--runs", type=int, default=3, metavar="N", help="runs of each contender; medians are reported"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    parser.add_argument(
        "--tables",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="print the tables of these JSON files, and measure nothing",
    )
    parser.add_argument("--check", action="store_true", help="exit 1 if a bound is missed")
    parser.add_argument(
        "--prepare", action="store_true", help="prepare the files of the rows, and measure nothing"
    )
    parser.add_argument("--list", action="store_true", help="print the rows and exit")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "build" / "bench", help="where to work (default: build/bench)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
