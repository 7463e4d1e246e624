"""`plan` when nothing is to be done: no request is sent, only the manifest and the receipts are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from benchmarks.row import Contender, Row
from benchmarks.states import settled
from benchmarks.workspace import Workspace, contender_script

_SIZE = 2048


@contextmanager
def _settled(workspace: Workspace, count: int) -> Iterator[Sequence[Contender]]:
    with settled(workspace, count, _SIZE) as state:
        # Exit code 0 of --detailed-exitcode proves that there is nothing to do.
        plan = [workspace.mhsync, "plan", "--quiet", "--detailed-exitcode", "--api-url", state.url]
        load = [workspace.python, contender_script("yaml_load"), str(state.manifest)]
        yield (
            Contender("mhsync", [*plan, str(state.manifest)], count),
            Contender("yaml.load", load, count),
        )


ROWS = tuple(
    Row(f"settled-{name}", f"plan of {count:,} settled projects", partial(_settled, count=count), is_large)
    for name, count, is_large in (("10k", 10_000, False), ("100k", 100_000, True), ("1m", 1_000_000, True))
)
