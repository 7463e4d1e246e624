"""The inbox of `mhsync watch --listen`: its server on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mhsync.core.manifest import Manifest
from mhsync.dataclass import dataclass
from mhsync.errors import UsageError
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.inbox import open_inbox
from mhsync.settings import Settings


@dataclass(frozen=True, slots=True)
class InboxThread:
    """A running inbox. `port` is the one that it listens on."""

    port: int
    thread: threading.Thread

    @property
    def is_alive(self) -> bool:
        return self.thread.is_alive()


@contextmanager
def inbox_thread(
    address: tuple[str, int],
    manifest: Manifest,
    *,
    hooks: Hooks,
    secrets: Sequence[str],
    on_sighting: Callable[[str], object],
    settings: Settings,
) -> Iterator[InboxThread]:
    """Receive webhooks within the block. Its end answers the deliveries that arrived whole.

    Args:
        address: host and port; the port 0 takes a free one.
        manifest: whose storages get the sightings.
        hooks: the loaded plugins.
        secrets: of the webhook.
        on_sighting: called with the id of a project after its sighting became durable, on any thread.
        settings: bounds.

    Raises:
        UsageError: waitress is missing, or the address cannot be used.
        StorageUnavailable: a storage cannot be opened.
        PluginError: a plugin is broken.
    """
    try:
        from mhsync.inbox.server import InboxServer
    except ImportError as missing:
        raise UsageError(
            "the package waitress is not installed", hint="run pip install waitress, where mhsync is installed"
        ) from missing
    ended = threading.Event()
    with open_inbox(manifest, hooks=hooks, secrets=secrets, on_sighting=on_sighting, settings=settings) as inbox:
        server = InboxServer(inbox, *address, settings.inbox)
        thread = threading.Thread(target=server.run, args=(ended.is_set,), name="mhsync-inbox", daemon=True)
        thread.start()
        try:
            yield InboxThread(server.port, thread)
        finally:
            ended.set()
            server.wake()
            thread.join()
