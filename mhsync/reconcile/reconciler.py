"""Reconciler: plan, apply, list and verify manifests from a program, without the command line."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mhsync.api.client import Client
from mhsync.core.manifest import Limit, Manifest
from mhsync.core.seen import Seen
from mhsync.core.status import StatusReport
from mhsync.core.verification import Verification
from mhsync.dataclass import dataclass
from mhsync.errors import UsageError
from mhsync.hooks.entry_points import plugins_to_load
from mhsync.hooks.manager import Hooks
from mhsync.loader import load
from mhsync.reconcile.ci_environment import is_ci_runner
from mhsync.reconcile.context import ApplyOptions, RunContext, Stop
from mhsync.reconcile.decide import Decision
from mhsync.reconcile.html_report import write_html_report
from mhsync.reconcile.plan import plan
from mhsync.reconcile.prepare import Prepared, prepare
from mhsync.reconcile.progress import Observer, RetryDelayed, ignore_progress
from mhsync.reconcile.seen import import_sightings, list_seen
from mhsync.reconcile.status import status
from mhsync.reconcile.verify import verify
from mhsync.settings import Settings


def load_manifests(*paths: str | Path, settings: Settings = Settings()) -> Manifest:  # noqa: B008 - frozen
    """Read manifests: files, and folders of them. YAML, or by their suffix JSON and JSON Lines.

    Args:
        paths: at least one file or folder.
        settings: bounds.

    Raises:
        UsageError: no path is given.
        ManifestError: the manifests have problems; `problems` lists all of them.
    """
    if not paths:
        raise UsageError("no manifest is given", hint="pass the path of a file or folder")
    return load(paths, settings.manifest)


@dataclass(slots=True)
class Reconciler:
    """Plans, applies, lists and verifies manifests.

    One reconciler may run many plans and applies, one after another. Close it, or use it in a `with` block: it
    then closes its client.

    Args:
        client: the API client. Give it the same `stop` and `settings` as the reconciler.
        hooks: the loaded plugins.
        settings: bounds.
        observer: called with each progress event.
        stop: `stop.request()` ends a run; it may be called from any thread or from a signal handler.
        is_ci: whether local folders are removed when the job ends: `archived` into one is then refused.
        environ: environment variables in which `${NAME}` of a notify target is looked up.
    """

    client: Client
    hooks: Hooks = field(default_factory=Hooks.load)
    settings: Settings = field(default_factory=Settings)
    observer: Observer = ignore_progress
    stop: Stop = field(default_factory=Stop)
    is_ci: bool = False
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        plugins: Sequence[str] | None = None,
        settings: Settings = Settings(),  # noqa: B008 - frozen
        observer: Observer = ignore_progress,
        stop: Stop | None = None,
        **client_arguments: Any,
    ) -> Reconciler:
        """A reconciler with the client, the plugins and the CI detection that the environment gives.

        Args:
            environ: the variables to read; None means `os.environ`. Those of `Client.from_environment` are read,
                and `CI` and `MHSYNC_PLUGINS`.
            plugins: names of the plugin distributions to load; None means `MHSYNC_PLUGINS`, or all installed
                ones. `()` loads none.
            settings: bounds.
            observer: called with each progress event.
            stop: the request to stop; None makes a new one.
            client_arguments: arguments of `Client` that replace those of the environment, such as `base_url`.

        Raises:
            CredentialsMissing: there is no API key.
            UsageError: a name in `plugins` is not an installed plugin, or the API's address is invalid.
        """
        variables = os.environ if environ is None else environ
        stop = Stop() if stop is None else stop
        hooks = Hooks.load(only=plugins_to_load(variables) if plugins is None else plugins)
        given = {
            "settings": settings,
            "stop": stop,
            "on_wait": lambda notice: observer(RetryDelayed(notice)),
        }
        client = Client.from_environment(variables, **(given | client_arguments))
        return cls(client, hooks, settings, observer, stop, is_ci_runner(variables), variables)

    def plan(
        self,
        manifest: Manifest,
        options: ApplyOptions = ApplyOptions(),  # noqa: B008 - frozen
        *,
        only: Collection[str] = (),
        refresh: bool = False,
        at: datetime | None = None,
    ) -> Decision:
        """Decide what an apply with these options would change, and whether it would be refused.

        Writes to no storage and sends no notification.

        Args:
            manifest: the desired state.
            options: what the apply would do.
            only: the ids to look at; empty means all.
            refresh: query the API even for projects already known to be done.
            at: judge retention (`retain` in a manifest) as at this time; None is the present. With a zone.

        Raises:
            UsageError: `only` names an id that the manifest does not list.
            AuthenticationFailed: the API refused the key.
            StorageUnavailable: a storage cannot be opened.
            PluginError: a plugin is broken.
            Interrupted: `stop` was requested.
        """
        context = replace(self._context(manifest, only, refresh=refresh), at=at)
        return plan(context, manifest, options)

    @contextmanager
    def prepare(
        self,
        manifest: Manifest,
        options: ApplyOptions = ApplyOptions(),  # noqa: B008 - frozen
        *,
        only: Collection[str] = (),
        refresh: bool = False,
    ) -> Iterator[Prepared]:
        """Open and lock the storages, plan, and let plugins review the plan; `Prepared.execute` applies it.

        The storages are locked until the end of the block. Leaving it without `execute` changes nothing.

        Args:
            manifest: the desired state.
            options: what to apply.
            only: the ids to look at; empty means all.
            refresh: query the API even for projects already known to be done.

        Raises:
            UsageError: `only` names an id that the manifest does not list.
            LockTimeout: another run holds a storage.
            AuthenticationFailed: the API refused the key.
            StorageUnavailable: a storage cannot be opened.
            PluginError: a plugin is broken.
            Interrupted: `stop` was requested.
        """
        with prepare(self._context(manifest, only, refresh=refresh), manifest, options) as prepared:
            yield prepared

    def status(self, manifest: Manifest, *, only: Collection[str] = (), refresh: bool = False) -> StatusReport:
        """List what is desired, live and stored of each project.

        Writes to no storage and sends no notification. As `plan` does, it requests only projects that are not
        known to be done; the name, type, date and credits of the others are those of their receipts.

        Args:
            manifest: the desired state.
            only: the ids to list; empty means all.
            refresh: query the API even for projects already known to be done.

        Raises:
            UsageError: `only` names an id that the manifest does not list.
            AuthenticationFailed: the API refused the key.
            StorageUnavailable: a storage cannot be opened.
            PluginError: a plugin is broken.
            Interrupted: `stop` was requested.
        """
        return status(self._context(manifest, only, refresh=refresh), manifest)

    def write_report(
        self, manifest: Manifest, out: str | Path, *, only: Collection[str] = (), refresh: bool = False
    ) -> StatusReport:
        """List the projects as `status` does, and write the inventory to an HTML file.

        Args:
            manifest: the desired state.
            out: the file; it is replaced as a whole.
            only: the ids to list; empty means all.
            refresh: query the API even for projects already known to be done.

        Raises:
            UsageError: the file cannot be written, or `only` names an id that the manifest does not list.
            AuthenticationFailed: the API refused the key.
            StorageUnavailable: a storage cannot be opened.
            PluginError: a plugin is broken.
            Interrupted: `stop` was requested.
        """
        return write_html_report(self._context(manifest, only, refresh=refresh), manifest, out)

    def verify(
        self, manifest: Manifest, *, only: Collection[str] = (), sample: Limit | None = None
    ) -> Verification:
        """Read every stored output back and compare it with its receipt. Sends no request to the API.

        An output whose bytes differ is marked in its receipt, so that the next plan downloads it again.

        Args:
            manifest: whose projects to verify.
            only: the ids to verify; untracked files are then not looked for. Empty means all.
            sample: a number or a percentage of the projects: those whose last check is the oldest are verified,
                and untracked files are not looked for. None verifies all.

        Raises:
            UsageError: `only` names an id that the manifest does not list.
            StorageUnavailable: a storage cannot be opened.
            StorageError: a storage cannot be listed.
            PluginError: a plugin is broken.
        """
        ids = _listed(only, manifest)
        return verify(self.hooks, manifest, settings=self.settings, stop=self.stop, only=ids, sample=sample)

    def seen(self, manifest: Manifest) -> Seen:
        """List the projects that were sighted and that the manifest does not list. Sends no request to the API.

        Args:
            manifest: whose storages to look at.

        Raises:
            StorageUnavailable: a storage cannot be opened.
            StorageError: a storage cannot be listed.
            PluginError: a plugin is broken.
            Interrupted: `stop` was requested.
        """
        return list_seen(self.hooks, manifest, settings=self.settings, stop=self.stop)

    def import_sightings(self, manifest: Manifest, projects: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
        """Record projects as sightings, such as those from before the webhook. It can be repeated.

        Args:
            manifest: whose storages get the sightings.
            projects: each at least with `id`; also with `name`, `type` and `status`, if they are known.

        Returns:
            The ids that were not sighted before.

        Raises:
            UsageError: an id is invalid; nothing was recorded.
            StorageError: a storage failed; some projects may be recorded.
            PluginError: a plugin is broken.
            Interrupted: `stop` was requested; some projects may be recorded.
        """
        now = datetime.now(UTC)
        return import_sightings(self.hooks, manifest, projects, now, settings=self.settings, stop=self.stop)

    def close(self) -> None:
        """Close the client."""
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _context(self, manifest: Manifest, only: Collection[str], *, refresh: bool) -> RunContext:
        return RunContext(
            client=self.client,
            hooks=self.hooks,
            now=lambda: datetime.now(UTC),
            settings=self.settings,
            stop=self.stop,
            observer=self.observer,
            only=_listed(only, manifest),
            refresh=refresh,
            is_ci=self.is_ci,
            environ=self.environ,
        )


def _listed(only: Collection[str], manifest: Manifest) -> frozenset[str]:
    """The ids, once the manifest is known to list each of them."""
    unknown = sorted(set(only) - manifest.ids)
    if unknown:
        raise UsageError(f"the manifest does not list {unknown[0]!r:.130}", hint="pass ids of its projects")
    return frozenset(only)
