from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mhsync import Reconciler, load_manifests
from mhsync.sandbox.account import Account, SandboxProject
from mhsync.sandbox.server import Sandbox
from tests.reconcile.fixture import ReconcileFixture, complete

TWO = "version: 1\nprojects: [{id: a}, {id: b, state: deleted}]\n"
FixtureFactory = Callable[..., ReconcileFixture]


@pytest.fixture
def reconcile_fixture(tmp_path: Path) -> Iterator[FixtureFactory]:
    """`reconcile_fixture(complete("a"), …)`: a sandbox with these projects, and an empty folder as the storage."""
    with ExitStack() as stack:

        def start(*projects: SandboxProject) -> ReconcileFixture:
            sandbox = stack.enter_context(Sandbox(Account(projects)))
            return ReconcileFixture(sandbox, tmp_path / "outputs")

        yield start


@pytest.fixture
def reconciler(reconcile_fixture, tmp_path: Path):
    """A reconciler of an account with the projects a and b, and the fixture that it belongs to."""
    fixture = reconcile_fixture(complete("a"), complete("b"))
    with open_reconciler(fixture) as one:
        yield one, fixture


def open_reconciler(fixture, environ=(), **arguments) -> Reconciler:
    variables = {
        "MHSYNC_API_URL": fixture.sandbox.api_url,
        "MAGIC_HOUR_API_KEY": fixture.sandbox.key,
        **dict(environ),
    }
    return Reconciler.from_environment(variables, plugins=(), **arguments)


def manifest_of(folder: Path, text: str = TWO):
    (folder / "m.yaml").write_text(text)
    return load_manifests(folder / "m.yaml")
