"""The plugins of one run, with a typed method for each hook. Any thread may call them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhsync.core.event import Event, Notifier
from mhsync.core.install_command import install_place
from mhsync.core.manifest import ManifestFile
from mhsync.core.plan import Plan
from mhsync.core.project import Project
from mhsync.core.receipt import StoredOutput
from mhsync.core.redaction import values_without_queries
from mhsync.core.storage_url import path_problem
from mhsync.errors import MhsyncError, OutputRejected, PlanRefused, PluginError, StorageUnavailable, UsageError
from mhsync.hooks import builtin
from mhsync.hooks.discovery import Candidate, NotLoaded, installed, select
from mhsync.hooks.guarded_storage import GuardedStorage
from mhsync.hooks.invoke import attempt, call, one_line, redact_url, single_line
from mhsync.hooks.registry import Loaded, PluginInfo, load_all
from mhsync.hooks.schemes import (
    FALLBACK,
    NOTIFIERS,
    STORAGES,
    Package,
    Schemes,
    matching,
    scheme_of,
    shown_url,
)
from mhsync.storage.base import Storage
from mhsync.storage.os_errors import printable_path

if TYPE_CHECKING:
    import click
    from pluggy import HookImpl

__all__ = ["Hooks", "PluginInfo"]

_BUILT_IN = Candidate("mhsync", None, builtin.__name__, lambda: builtin)


class Hooks:
    """The plugins of one run. `load` loads installed plugins, `of` takes objects."""

    def __init__(self, loaded: Loaded, not_loaded: NotLoaded | None = None) -> None:
        self._loaded = loaded
        self._not_loaded = not_loaded

    @classmethod
    def load(cls, *, enabled: bool = True, only: Sequence[str] | None = None) -> Hooks:
        """Load the plugins of the entry-point group `mhsync`. `plugins` lists broken ones with their errors.

        Those of the groups of schemes are imported when a manifest uses one of their schemes.

        Args:
            enabled: False (`--no-plugins`) loads only the built-in plugin.
            only: the distribution names of `MHSYNC_PLUGINS`; None loads all installed plugins.

        Raises:
            UsageError: no installed plugin has one of the names in `only`.
        """
        if not enabled:
            return cls(load_all([_BUILT_IN]), NotLoaded("--no-plugins", is_all=True))
        candidates = installed()
        selected = select(candidates, only)
        if only is None:
            return cls(load_all([_BUILT_IN, *selected]))
        names = {candidate.name for candidate in candidates} - {candidate.name for candidate in selected}
        not_loaded = NotLoaded("MHSYNC_PLUGINS", is_all=not selected, names=frozenset(names))
        return cls(load_all([_BUILT_IN, *selected]), not_loaded)

    @classmethod
    def of(cls, **plugins: object) -> Hooks:
        """The built-in plugin and these objects, by name: for programs and tests that use no installed plugins."""
        given = [Candidate(name, None, name, partial(_itself, plugin)) for name, plugin in plugins.items()]
        return cls(load_all([_BUILT_IN, *given]))

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """Every plugin, loaded or broken; the built-in one first."""
        return self._loaded.plugins

    def examined_plugins(self) -> tuple[PluginInfo, ...]:
        """As `plugins`, with the errors of those that a run imports only when a manifest uses their schemes."""
        return self._loaded.examined()

    @property
    def has_checks(self) -> bool:
        """Whether any plugin checks downloaded files."""
        return bool(self._loaded.implementations("mhsync_check_output"))

    def require_loaded(self) -> None:
        """Refuse to continue with a broken plugin: it might have vetoed the plan or rejected a file.

        Raises:
            PluginError: a plugin failed to load, has a misspelt hook, or serves a scheme that another one serves.
        """
        for plugin in self.plugins:
            if plugin.error is not None and not plugin.is_loadable:
                raise PluginError(
                    f"the plugin {plugin.name} is broken: {plugin.error}",
                    hint="fix or uninstall it, or choose plugins with MHSYNC_PLUGINS or --no-plugins",
                )

    def open_storage(self, file: ManifestFile) -> Storage:
        """Open the storage of a manifest. A relative path is relative to the folder of the manifest.

        Whatever its plugin raises later becomes a `StorageError` (see `GuardedStorage`).

        Raises:
            StorageUnavailable: no plugin serves its scheme, or the plugin cannot open it.
            UsageError: the URL or an option is wrong.
            PluginError: two plugins serve its scheme, or the factory returned something other than a storage.
        """
        try:
            return self._open_storage(file)
        except MhsyncError as error:
            error.position = file.storage_position
            raise

    def _open_storage(self, file: ManifestFile) -> Storage:
        url = _storage_url(file)
        scheme = scheme_of(url) or ""
        _refuse_clash(self._loaded.storages, scheme)
        provider = self._loaded.storages.find(scheme)
        if provider is None:
            message, hint = self._unserved(scheme, STORAGES, self._loaded.storages.names, "storages")
            raise StorageUnavailable(message, hint=hint)
        result = attempt(lambda: provider.factory(url, file.storage_options))
        if isinstance(result, Storage):
            return GuardedStorage(provider.plugin, result)
        if isinstance(result, BaseException):
            kind = UsageError if isinstance(result, UsageError) else StorageUnavailable
            whose = "" if provider.plugin == _BUILT_IN.name else f" (plugin {provider.plugin})"
            raise kind(
                f"cannot open the storage {shown_url(url)}{whose}: {one_line(result)}", hint=_hint_of(result)
            ) from result
        raise PluginError(
            f"{provider.plugin}: the factory of {scheme}:// returned a {type(result).__name__}, not a Storage"
        )

    def open_notifier(self, url: str, options: Mapping[str, Any]) -> tuple[str, Notifier]:
        """Make the notifier of a URL. The URL is a secret: messages hold only its scheme.

        Returns:
            The name of the plugin, and its notifier.

        Raises:
            PluginError: no plugin serves its scheme, two plugins do, or the factory failed.
        """
        scheme = scheme_of(url)
        if scheme is None:
            raise PluginError(
                "a notify target is not a URL", hint="write scheme://…, or ${NAME} for a variable that holds one"
            )
        _refuse_clash(self._loaded.notifiers, scheme)
        provider = self._loaded.notifiers.find(scheme)
        if provider is None:
            message, hint = self._unserved(scheme, NOTIFIERS, self._loaded.notifiers.names, "notifications")
            raise PluginError(message, hint=hint)
        result = attempt(lambda: provider.factory(url, options))
        if isinstance(result, BaseException):
            text = redact_url(one_line(result), url)
            advice = _hint_of(result)
            raise PluginError(
                f"{provider.plugin}: cannot open the notify target {scheme}://…: {text}",
                hint=None if advice is None else redact_url(advice, url),
            ) from None
        if not callable(getattr(result, "notify", None)):
            raise PluginError(
                f"{provider.plugin}: the factory of {scheme}:// returned a {type(result).__name__}, not a Notifier"
            )
        return provider.plugin, result

    def review_plan(self, plan: Plan) -> None:
        """Call `mhsync_review_plan` of every plugin.

        Raises:
            PlanRefused: a plugin vetoed the plan or failed; the message names each of them.
        """
        reasons = []
        hint = None
        for plugin, implementation in self._loaded.implementations("mhsync_review_plan"):
            result = attempt(partial(call, implementation, {"plan": plan}))
            if isinstance(result, BaseException):
                verb = "refused the plan" if isinstance(result, PlanRefused) else "failed to review the plan"
                reasons.append(f"{plugin} {verb}: {one_line(result)}")
                hint = hint or _hint_of(result)
        if reasons:
            raise PlanRefused("; ".join(reasons), hint=hint)

    def check_output(self, project: Project, output: StoredOutput, file: Path) -> dict[str, Any]:
        """Call `mhsync_check_output` of every plugin for a downloaded file.

        Returns:
            The facts of all plugins. If two return the same key, the plugin that was called last prevails.

        Raises:
            OutputRejected: a plugin rejected the file or failed; the message names it.
        """
        facts: dict[str, Any] = {}
        arguments = {"project": project, "output": output, "file": file}
        for plugin, implementation in self._loaded.implementations("mhsync_check_output"):
            result = attempt(partial(_facts, implementation, arguments))
            if isinstance(result, BaseException):
                verb = "rejected" if isinstance(result, OutputRejected) else "failed to check"
                raise OutputRejected(
                    f"{plugin} {verb} {printable_path(output.path)}: {one_line(result)}",
                    hint=_hint_of(result),
                    id=project.id,
                ) from result
            facts |= result
        return facts

    @property
    def receives_events(self) -> bool:
        """Whether a plugin implements `mhsync_event`."""
        return bool(self._loaded.implementations("mhsync_event"))

    def event(self, event: Event) -> list[PluginError]:
        """Call `mhsync_event` of every plugin; returns the errors of those that raised."""
        return self._call_all("mhsync_event", {"event": event})

    def add_commands(self, group: click.Group) -> list[PluginError]:
        """Call `mhsync_commands` of every plugin; returns the errors of those that raised."""
        return self._call_all("mhsync_commands", {"group": group})

    def _call_all(self, hook: str, arguments: Mapping[str, object]) -> list[PluginError]:
        results = [
            (plugin, attempt(partial(call, implementation, arguments)))
            for plugin, implementation in self._loaded.implementations(hook)
        ]
        return [
            PluginError(f"{plugin}: {hook} failed: {one_line(result)}", hint=_hint_of(result))
            for plugin, result in results
            if isinstance(result, BaseException)
        ]

    def _unserved(
        self, scheme: str, known: Mapping[str, Package], served: Sequence[str], kind: str
    ) -> tuple[str, str]:
        """Message and hint for a scheme that no loaded plugin serves."""
        broken = {plugin.name: plugin.error for plugin in self.plugins if plugin.error is not None}
        failed = "".join(f"; {name} is broken: {error}" for name, error in broken.items())
        served_by = matching(scheme, known)
        package = known.get(served_by or "")
        if package is not None and package.name in broken:
            return (
                f"{scheme}:// needs {package.name}, which is broken: {broken[package.name]}",
                "fix or reinstall it",
            )
        # The fallback serves any scheme: it does not show which package was meant.
        named = None if package is None or served_by == FALLBACK else package.name
        reason = self._not_loaded and self._not_loaded.reason(named)
        if reason:
            message, hint = reason
            return f"{scheme}:// needs {named or 'a plugin'}, but {message}{failed}", hint
        if package is None:
            return (
                f"no plugin serves {kind} under {scheme}://{failed}",
                f"install a plugin that serves it; available: {', '.join(served) or 'none'}",
            )
        # A scheme that only the fallback matches may belong to a broken plugin.
        others = failed if served_by == FALLBACK else ""
        return (
            f"{scheme}:// needs {package.name}: {package.install}{others}",
            install_place(),
        )


def _refuse_clash(schemes: Schemes[Any], scheme: str) -> None:
    clash = schemes.clash(scheme)
    if clash is not None:
        raise PluginError(str(clash), hint="uninstall one of them, or choose one with MHSYNC_PLUGINS")


def _storage_url(file: ManifestFile) -> str:
    """The storage's URL; a path becomes a `file:` URL.

    Raises:
        UsageError: the text is neither a path nor a URL.
    """
    place = file.storage
    if scheme_of(place) is not None:
        return place
    problem = path_problem(place)
    if problem is not None:
        raise UsageError(f"{problem.message}: {place!r:.120}", hint=problem.hint)
    return Path(file.folder, place).as_uri()


def _facts(implementation: HookImpl, arguments: Mapping[str, object]) -> dict[str, Any]:
    """The facts of one check, as JSON values for the receipt."""
    given = call(implementation, arguments)
    facts: dict[str, Any] = {} if given is None else dict(given)
    kept: Any = values_without_queries(json.loads(json.dumps(facts, allow_nan=False)))
    return dict(kept)


def _hint_of(error: BaseException) -> str | None:
    return single_line(error.hint) if isinstance(error, MhsyncError) and error.hint is not None else None


def _itself(value: object) -> object:
    return value
