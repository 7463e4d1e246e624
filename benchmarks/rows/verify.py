"""`verify`: every stored file is read and hashed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.measure import MIB
from benchmarks.row import Contender, Row
from benchmarks.states import settled
from benchmarks.workspace import Workspace

_SIZE = 16 * MIB


@contextmanager
def _verify(workspace: Workspace) -> Iterator[Sequence[Contender]]:
    count = workspace.scaled(256, 128)
    with settled(workspace, count, _SIZE) as state:
        xargs = "find . -name '*.wav' -print0 | xargs -0 -P 2 -n 8 sha256sum"
        size = count * _SIZE
        yield (
            Contender("mhsync", [workspace.mhsync, "verify", "--quiet", str(state.manifest)], count, size),
            Contender("sha256sum, xargs -P 2", ["sh", "-c", xargs], count, size, cwd=state.storage),
        )


ROWS = (Row("verify", "verify, files of 16 MiB", _verify),)
