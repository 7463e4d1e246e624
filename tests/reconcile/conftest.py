from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mhsync.sandbox.server import Sandbox
from mhsync.sandbox.world import SandboxProject, World
from tests.reconcile.bench import Bench

BenchFactory = Callable[..., Bench]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[BenchFactory]:
    """`bench(complete("a"), …)`: a sandbox with these projects over an empty folder."""
    with ExitStack() as stack:

        def start(*projects: SandboxProject) -> Bench:
            sandbox = stack.enter_context(Sandbox(World(projects)))
            return Bench(sandbox, tmp_path / "outputs")

        yield start
