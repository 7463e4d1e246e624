"""`plan` of projects that are not settled: one GET each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.row import Contender, Row
from benchmarks.servers.nginx import DETAILS, nginx
from benchmarks.servers.processes import free_port, serving
from benchmarks.workspace import Workspace, contender_script, empty_folder, write_ids, write_manifest

PROJECTS = 2_000
LATENCY = 0.05
CHECKERS = (8, 32, 64, 128)


@contextmanager
def _without_latency(workspace: Workspace) -> Iterator[Sequence[Contender]]:
    folder = empty_folder(workspace.folder / "plan")
    manifest = write_manifest(folder / "mhsync.yaml", PROJECTS)
    ids = write_ids(folder / "ids", PROJECTS)
    with nginx(folder) as url:
        yield (
            Contender("mhsync", _plan(workspace, url, manifest), PROJECTS, exit_codes=(2,)),
            *(_peer(workspace, name, url, ids, PROJECTS, count) for name, count in PEERS),
        )


PEERS = (("sdk", 1), ("urllib3", 16), ("aiohttp", 16))


@contextmanager
def _with_latency(workspace: Workspace, checkers: int) -> Iterator[Sequence[Contender]]:
    folder = empty_folder(workspace.folder / f"latency-{checkers}")
    projects = PROJECTS if checkers > 8 else workspace.scaled(PROJECTS, 1_000)
    manifest = write_manifest(folder / "mhsync.yaml", projects)
    ids = write_ids(folder / "ids", projects)
    few = write_ids(folder / "few", 100)
    with delayed(workspace, folder) as url:
        ceiling = checkers / LATENCY
        plan = _plan(workspace, url, manifest, "--checkers", str(checkers))
        contenders = [
            Contender("mhsync", plan, projects, ceiling=ceiling, exit_codes=(2,)),
            _peer(workspace, "aiohttp", url, ids, projects, checkers, ceiling),
        ]
        if checkers == 64:
            contenders.append(_peer(workspace, "sdk", url, few, 100, 1, 1 / LATENCY))
        yield contenders


@contextmanager
def delayed(workspace: Workspace, folder: Path, latency: float = LATENCY) -> Iterator[str]:
    """The server with a latency; gives its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    script = Path(__file__).parent.parent / "servers" / "delayed.py"
    template = DETAILS.replace("{base}", url)
    command = [workspace.python, str(script), str(port), str(latency), template]
    with serving(command, port, folder / "delayed.log"):
        yield url


def _plan(workspace: Workspace, url: str, manifest: Path, *options: str) -> list[str]:
    # Exit code 2 proves that the plan holds changes; --quiet prints the plan as always, but no progress.
    return [workspace.mhsync, "plan", "--quiet", "--detailed-exitcode", "--api-url", url, *options, str(manifest)]


def _peer(
    workspace: Workspace,
    name: str,
    url: str,
    ids: Path,
    count: int,
    connections: int,
    ceiling: float | None = None,
) -> Contender:
    command = [workspace.python, contender_script(f"{name}_get"), url, str(ids)]
    return Contender(name, command if name == "sdk" else [*command, str(connections)], count, ceiling=ceiling)


ROWS = (
    Row("plan", f"plan, {PROJECTS:,} projects that are not settled", _without_latency),
    *(
        Row(
            f"latency-{checkers}",
            f"the same with {LATENCY * 1000:.0f} ms latency and {checkers} connections",
            partial(_with_latency, checkers=checkers),
        )
        for checkers in CHECKERS
    ),
)
