from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mhsync.sandbox.account import Account, SandboxProject
from mhsync.sandbox.server import Sandbox
from tests.reconcile.fixture import ReconcileFixture

FixtureFactory = Callable[..., ReconcileFixture]


@pytest.fixture
def reconcile_fixture(tmp_path: Path) -> Iterator[FixtureFactory]:
    """`reconcile_fixture(complete("a"), …)`: a sandbox with these projects, and an empty folder as the storage."""
    with ExitStack() as stack:

        def start(*projects: SandboxProject) -> ReconcileFixture:
            sandbox = stack.enter_context(Sandbox(Account(projects)))
            return ReconcileFixture(sandbox, tmp_path / "outputs")

        yield start
