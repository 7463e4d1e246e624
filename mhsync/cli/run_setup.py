"""A command's world: the client, the plugins, the wish to stop; opened for as long as the command runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from mhsync.api.client import Client
from mhsync.api.credentials import find_key
from mhsync.api.notice import WaitNotice
from mhsync.cli.console import Console
from mhsync.cli.options import SharedOptions
from mhsync.cli.plugin_loading import load_hooks
from mhsync.cli.progress import note_wait
from mhsync.cli.signals import stopping
from mhsync.reconcile.context import RunContext, Stop
from mhsync.reconcile.environment import is_ci_runner
from mhsync.reconcile.progress import Observer, RetryDelayed


@contextmanager
def open_client(
    console: Console, shared: SharedOptions, stop: Stop, on_wait: Callable[[WaitNotice], None] | None = None
) -> Iterator[Client]:
    """The API's client, with the key and the address of the flags or of the environment.

    Long waits for another attempt are shown on stderr, or handed to `on_wait`.

    Within the block the first signal asks to stop, the second ends the process.

    Raises:
        CredentialsMissing: there is no key; the message says where it was looked for.
        UsageError: the address cannot be used.
    """
    credential = find_key(console.environ, shared.api_key_file)
    console.add_secret(credential.key)
    address = {} if shared.api_url is None else {"base_url": shared.api_url}
    with (
        Client.from_environment(
            console.environ,
            api_key=credential.key,
            key_from=credential.origin,
            settings=shared.settings,
            stop=stop,
            on_wait=on_wait or partial(note_wait, console),
            **address,
        ) as client,
        stopping(stop.request),
    ):
        yield client


@contextmanager
def open_run(console: Console, shared: SharedOptions, observer: Observer) -> Iterator[RunContext]:
    """The world of `plan` and `apply`."""
    stop = Stop()
    hooks = load_hooks(console, is_enabled=not shared.no_plugins)
    with open_client(console, shared, stop, lambda notice: observer(RetryDelayed(notice))) as client:
        yield RunContext(
            client=client,
            hooks=hooks,
            now=lambda: datetime.now(UTC),
            settings=shared.settings,
            stop=stop,
            observer=observer,
            only=shared.only,
            refresh=shared.refresh,
            is_ci=is_ci_runner(console.environ),
            environ=console.environ,
        )
