"""The memory of a watch over many cycles: `python -m benchmarks.watch_memory --cycles 10000`.

The loop runs with a clock of its own, so that no time is spent between runs. Each cycle is a whole run: it loads
the manifest, opens, locks and lists the storage, and plans; every tenth cycle has a download. The program prints
the resident memory in steps, and exits 1 if it grows by more than the bound after the first tenth.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from mhsync.reconcile.reconciler import Reconciler
from mhsync.reconcile.watch import RunEnded, WatchEvent, WatchLoop
from mhsync.reconcile.watch_metrics import WatchMetrics
from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.serve import environment
from mhsync.sandbox.server import Sandbox
from mhsync.settings import Settings, WatchSettings

_GROWTH_MAX = 2 * 1024 * 1024
"""Bytes after the first tenth of the cycles."""
_DOWNLOAD_EVERY = 10


def resident_bytes() -> int:
    """The resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def measure(cycles: int, projects: int) -> list[int]:
    """The resident memory in bytes after each tenth of the cycles.

    Args:
        cycles: runs of the loop.
        projects: of the manifest.
    """
    found: list[int] = []
    numbers = WatchMetrics()
    now = 0.0
    with tempfile.TemporaryDirectory() as name, Sandbox(_account(projects)) as sandbox:
        folder = Path(name)
        ids = "".join(f"  - id: watch-{number}\n" for number in range(projects))
        (folder / "m.yaml").write_text(f"version: 1\nprojects:\n{ids}", encoding="utf-8")

        def listen(event: WatchEvent) -> None:
            numbers.listen(event)
            if not isinstance(event, RunEnded):
                return
            assert event.run.result == "succeeded", event.run
            count = sum(numbers.snapshot().runs_total.values())
            if count % _DOWNLOAD_EVERY == 0:
                (folder / "outputs/watch-0/output.wav").unlink()
                sandbox.requests.clear()
            if count % max(1, cycles // 10) == 0:
                found.append(resident_bytes())
            if count >= cycles:
                reconciler.stop.request()

        def sleep(seconds: float) -> None:
            nonlocal now
            now += seconds

        settings = replace(Settings(), watch=WatchSettings(every=1.0, tick=2.0))
        with Reconciler.from_environment(
            environment(sandbox), plugins=(), settings=settings, observer=numbers.observe
        ) as reconciler:
            WatchLoop(reconciler, [folder / "m.yaml"], listener=listen, clock=lambda: now, sleep=sleep).run()
    return found


def _account(projects: int) -> Account:
    ids = [f"watch-{number}" for number in range(projects)]
    return Account([SandboxProject(id_, outputs=outputs_of(id_, size=2000)) for id_ in ids])


def main() -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(description="The memory of a watch over many cycles.")
    parser.add_argument("--cycles", type=int, default=10_000)
    parser.add_argument("--projects", type=int, default=20)
    chosen = parser.parse_args()
    found = measure(chosen.cycles, chosen.projects)
    for step, size in enumerate(found, start=1):
        print(f"{step * max(1, chosen.cycles // 10):>7} cycles: {size / 1024 / 1024:.1f} MiB")
    growth = found[-1] - found[0]
    print(f"growth after the first tenth: {growth / 1024:.0f} KiB (at most {_GROWTH_MAX // 1024})")
    return int(growth > _GROWTH_MAX)


if __name__ == "__main__":
    sys.exit(main())
