"""inbox: the inbox of a manifest. It records in the storages of all of its files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mhsync.core.manifest import Manifest
from mhsync.errors import UsageError
from mhsync.hooks.entry_points import plugins_to_load
from mhsync.hooks.manager import Hooks
from mhsync.inbox.application import Inbox, ignore_sighting
from mhsync.loader import load
from mhsync.reconcile.storages import Storages, opened
from mhsync.settings import Settings
from mhsync.storage.base import Storage

SECRET = "MHSYNC_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
PREVIOUS_SECRET = "MHSYNC_WEBHOOK_SECRET_PREVIOUS"  # noqa: S105


def webhook_secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The secrets of the webhook: the current one, and the previous one if it is set.

    Args:
        environ: environment variables.

    Raises:
        UsageError: there is no current secret.
    """
    found = [environ.get(name, "").strip() for name in (SECRET, PREVIOUS_SECRET)]
    if not found[0]:
        raise UsageError(
            f"no webhook secret: {SECRET} is not set",
            hint=f"set {SECRET} to the secret of the webhook; only the account's developer page shows it",
        )
    return tuple(dict.fromkeys(filter(None, found)))


@contextmanager
def open_inbox(
    manifest: Manifest,
    *,
    hooks: Hooks,
    secrets: Sequence[str],
    on_sighting: Callable[[str], object] = ignore_sighting,
    settings: Settings = Settings(),  # noqa: B008 - frozen
) -> Iterator[Inbox]:
    """Open the storages of a manifest, and make the WSGI application that records in all of them.

    The storages are closed at the end of the block.

    Args:
        manifest: whose storages get the sightings: each file can then discover projects on its own.
        hooks: the loaded plugins.
        secrets: of the webhook, as `Inbox` takes them.
        on_sighting: called with the id of a project after its sighting became durable.
        settings: bounds.

    Raises:
        UsageError: there is no secret, or the manifest has no file.
        StorageUnavailable: a storage cannot be opened.
        PluginError: a plugin is broken.
    """
    hooks.require_loaded()
    with opened(hooks, manifest) as storages:
        yield Inbox(
            primary_storages(manifest, storages), secrets, on_sighting=on_sighting, settings=settings.inbox
        )


def inbox_application(
    *paths: str | Path,
    environ: Mapping[str, str] | None = None,
    plugins: Sequence[str] | None = None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
) -> Inbox:
    """The WSGI application of manifests, for any WSGI server: its storages stay open as long as the process.

    Args:
        paths: manifests: files, and folders of them.
        environ: the variables to read; None means `os.environ`. `MHSYNC_WEBHOOK_SECRET`,
            `MHSYNC_WEBHOOK_SECRET_PREVIOUS` and `MHSYNC_PLUGINS` are read.
        plugins: names of the plugin distributions to load; None means `MHSYNC_PLUGINS`, or all installed ones.
        settings: bounds.

    Raises:
        UsageError: there is no secret, or no path.
        ManifestError: the manifests have problems.
        StorageUnavailable: a storage cannot be opened.
        PluginError: a plugin is broken.
    """
    variables = os.environ if environ is None else environ
    secrets = webhook_secrets(variables)
    if not paths:
        raise UsageError("no manifest is given", hint="pass the path of a file or folder")
    manifest = load(paths, settings.manifest)
    hooks = Hooks.load(only=plugins_to_load(variables) if plugins is None else plugins)
    return open_inbox(manifest, hooks=hooks, secrets=secrets, settings=settings).__enter__()


def primary_storages(manifest: Manifest, storages: Storages) -> tuple[Storage, ...]:
    """The storage of each file, once for files that share one: sightings are recorded in all of these."""
    return tuple({storages.location(file): storages.of(file) for file in manifest.files}.values())
