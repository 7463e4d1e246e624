"""Fixtures for the tests of plugins: `pytest_plugins = ["mhsync.testing.fixtures"]`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from mhsync.sandbox.account import Account
from mhsync.sandbox.defaults import default_account
from mhsync.sandbox.rules import Faults
from mhsync.sandbox.server import Sandbox

SandboxFactory = Callable[..., Sandbox]


@pytest.fixture
def mhsync_sandbox_factory() -> Iterator[SandboxFactory]:
    """Starts sandboxes: `factory(account, faults=…)`. All of them stop when the test ends.

    Without an account, each has the default one: a project of every kind.
    """
    with ExitStack() as stack:

        def start(
            account: Account | None = None, *, faults: Faults | None = None, latency: float = 0.0
        ) -> Sandbox:
            sandbox = Sandbox(default_account() if account is None else account, faults=faults, latency=latency)
            return stack.enter_context(sandbox)

        yield start


@pytest.fixture
def mhsync_sandbox(mhsync_sandbox_factory: SandboxFactory) -> Sandbox:
    """A running sandbox with a project of every kind."""
    return mhsync_sandbox_factory()
