"""The start of the command. Each contender runs ten processes in sequence, since one of them is short."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.row import Contender, Row
from benchmarks.servers.nginx import nginx
from benchmarks.workspace import Workspace, empty_folder, write_manifest

_TIMES = 10


@contextmanager
def _start(workspace: Workspace) -> Iterator[Sequence[Contender]]:
    folder = empty_folder(workspace.folder / "start")
    manifest = write_manifest(folder / "mhsync.yaml", 1)
    with nginx(folder) as url:
        yield (
            _repeated("mhsync --version", [workspace.mhsync, "--version"]),
            _repeated("mhsync plan", [workspace.mhsync, "plan", "--quiet", "--api-url", url, str(manifest)]),
            _repeated("import click", [workspace.python, "-c", "import click"]),
            _repeated("python", [workspace.python, "-c", "pass"]),
        )


def _repeated(name: str, command: Sequence[str]) -> Contender:
    loop = f"set -e; for _ in {' '.join(map(str, range(_TIMES)))}; do {shlex.join(command)}; done"
    return Contender(name, ["sh", "-c", loop], _TIMES)


ROWS = (Row("start", f"start, {_TIMES} processes in sequence (plan: one project)", _start),)
