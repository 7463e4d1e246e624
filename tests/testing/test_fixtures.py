"""The pytest fixtures of `mhsync.testing.fixtures`."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable

import pytest

from mhsync.sandbox.account import Account, SandboxProject
from mhsync.sandbox.faults import Status
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.server import Sandbox

pytest_plugins = ["mhsync.testing.fixtures", "pytester"]


def test_a_sandbox_runs_with_the_default_account(mhsync_sandbox: Sandbox) -> None:
    bearer = {"Authorization": f"Bearer {mhsync_sandbox.key}"}
    asked = urllib.request.Request(f"{mhsync_sandbox.api_url}/v1/audio-projects/sbx-complete", headers=bearer)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(asked, timeout=20) as answer:
        assert answer.status == 200


def test_the_factory_starts_a_sandbox_with_a_given_account(mhsync_sandbox_factory: Callable[..., Sandbox]) -> None:
    faults = Faults(Rule(Status(500)))
    one = mhsync_sandbox_factory(Account([SandboxProject("a")]), faults=faults)
    two = mhsync_sandbox_factory()
    assert (one.ids, one.faults) == (("a",), faults)
    assert "sbx-complete" in two.ids
    assert one.api_url != two.api_url


def test_one_line_enables_the_fixtures_and_their_sandboxes_stop(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["mhsync.testing.fixtures"]')
    pytester.makepyfile(
        """
        import socket, threading
        ports = []

        def test_it_runs(mhsync_sandbox):
            ports.append(int(mhsync_sandbox.api_url.rpartition(":")[2]))
            socket.create_connection(("127.0.0.1", ports[0])).close()

        def test_it_has_stopped():
            assert not [thread for thread in threading.enumerate() if thread.name.startswith("sandbox-")]
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error").assert_outcomes(passed=2)
