from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mhsync.api.client import Client
from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.server import Sandbox
from tests.api.client_fixture import KEY, QUICK, ApiFixture
from tests.api.scripted_server import ScriptedServer


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Closes the context managers that a test enters, at its end."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def scripted_server(stack: ExitStack) -> Callable[..., ScriptedServer]:
    return lambda *scripts, **options: stack.enter_context(ScriptedServer(*scripts, **options))


@pytest.fixture
def client(stack: ExitStack) -> Callable[..., Client]:
    """A factory for clients with short waits: `client(url)`."""

    def make(url: str, **options: object) -> Client:
        return stack.enter_context(Client(KEY, base_url=url, **{"settings": QUICK, **options}))

    return make


@pytest.fixture
def api(stack: ExitStack, client: Callable[..., Client]) -> ApiFixture:
    account = Account([SandboxProject("one", name="One", outputs=outputs_of("one", size=50_000))])
    sandbox = stack.enter_context(Sandbox(account, key=KEY))
    return ApiFixture(sandbox, client(sandbox.api_url))


@pytest.fixture(scope="session")
def tls() -> str:
    """A certificate for 127.0.0.1, localhost, api.example.test and files.example.test, with its key."""
    return str(Path(__file__).parent / "tls.pem")
