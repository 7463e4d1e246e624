"""Open what a command needs: the API client, the plugins and the signal handlers."""

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
from mhsync.reconcile.ci_environment import is_ci_runner
from mhsync.reconcile.context import RunContext, Stop
from mhsync.reconcile.progress import Observer, RetryDelayed


@contextmanager
def open_client(
    console: Console, shared: SharedOptions, stop: Stop, on_wait: Callable[[WaitNotice], None] | None = None
) -> Iterator[Client]:
    """Open the API client, with the key and the address of the options or of the environment.

    A long wait before a retry is printed on stderr, or passed to `on_wait`. Within the block the first signal
    requests a stop, and the second ends the process.

    Raises:
        CredentialsMissing: there is no key; the message names the places that were searched.
        UsageError: the address is invalid.
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
        stopping(partial(_request_stop, console, stop)),
    ):
        yield client


def _request_stop(console: Console, stop: Stop) -> None:
    """Called by a signal handler: the lines that it prints must not be erased by later progress."""
    console.freeze_status()
    stop.request()


@contextmanager
def open_run(console: Console, shared: SharedOptions, observer: Observer) -> Iterator[RunContext]:
    """Open the client and load the plugins for `plan` and `apply`."""
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
