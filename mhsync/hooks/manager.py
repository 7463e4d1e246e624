"""Hooks: the plugins of one run behind typed methods. They change no more once loaded: any thread may call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhsync.core.event import Event, Notifier
from mhsync.core.install import install_place
from mhsync.core.manifest import ManifestFile
from mhsync.core.places import path_problem
from mhsync.core.plan import Plan
from mhsync.core.project import Project
from mhsync.core.receipt import StoredOutput
from mhsync.core.text import values_without_queries
from mhsync.errors import MhsyncError, OutputRejected, PlanRefused, PluginError, StorageUnavailable, UsageError
from mhsync.hooks import builtin
from mhsync.hooks.discovery import Candidate, chosen, installed
from mhsync.hooks.guarded_storage import GuardedStorage
from mhsync.hooks.invoke import attempt, call, flat, one_line, without
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
from mhsync.storage.failures import shown

if TYPE_CHECKING:
    import click
    from pluggy import HookImpl

__all__ = ["Hooks", "PluginInfo"]

_OURS = Candidate("mhsync", None, builtin.__name__, lambda: builtin)


class Hooks:
    """The plugins of one run. `load` finds those that are installed, `of` takes them as objects."""

    def __init__(self, loaded: Loaded, left_out: frozenset[str] | None) -> None:
        self._loaded = loaded
        self._left_out = left_out

    @classmethod
    def load(cls, *, enabled: bool = True, only: Sequence[str] | None = None) -> Hooks:
        """Load plugins of the entry-point group `mhsync`; one that is broken is kept in `plugins` with its error.

        Args:
            enabled: False loads what mhsync itself brings, and nothing else.
            only: distribution names to load; None loads all that are installed.

        Raises:
            UsageError: a name in `only` is no installed plugin's.
        """
        if not enabled:
            return cls(load_all([_OURS]), left_out=None)
        found = installed()
        taken = chosen(found, only)
        left_out = frozenset(candidate.name for candidate in found) - {candidate.name for candidate in taken}
        return cls(load_all([_OURS, *taken]), left_out)

    @classmethod
    def of(cls, **plugins: object) -> Hooks:
        """What mhsync brings and these plugins, by name: for programs and tests that need no installed ones."""
        given = [Candidate(name, None, name, partial(_itself, plugin)) for name, plugin in plugins.items()]
        return cls(load_all([_OURS, *given]), frozenset())

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """What was loaded, and what failed to load and why; mhsync's own first."""
        return self._loaded.plugins

    @property
    def has_checks(self) -> bool:
        """Whether any plugin looks at downloaded files."""
        return bool(self._loaded.implementations("mhsync_check_output"))

    def require_loaded(self) -> None:
        """Before a plan or an apply: a plugin that is broken might have refused what is about to happen.

        Raises:
            PluginError: a plugin failed to load, has a misspelt hook, or serves a scheme that another one serves.
        """
        for plugin in self.plugins:
            if plugin.error is not None and not plugin.is_loadable:
                raise PluginError(
                    f"the plugin {plugin.name} is broken: {plugin.error}",
                    hint="mend or uninstall it, or choose plugins with MHSYNC_PLUGINS or --no-plugins",
                )

    def open_storage(self, file: ManifestFile) -> Storage:
        """Open the storage of a manifest; a plain path starts at the manifest's own folder.

        Whatever its plugin raises later becomes a `StorageError` (see `GuardedStorage`).

        Raises:
            StorageUnavailable: no plugin serves its scheme, or the one that does cannot open it.
            UsageError: the URL or an option is wrong.
            PluginError: two plugins serve its scheme, or the one that does gave no storage.
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
            message, hint = self._nobody(scheme, STORAGES, self._loaded.storages.names, "keeps files under")
            raise StorageUnavailable(message, hint=hint)
        result = attempt(lambda: provider.factory(url, file.storage_options))
        if isinstance(result, Storage):
            return GuardedStorage(provider.plugin, result)
        if isinstance(result, BaseException):
            kind = UsageError if isinstance(result, UsageError) else StorageUnavailable
            whose = "" if provider.plugin == _OURS.name else f" (plugin {provider.plugin})"
            raise kind(
                f"cannot open the storage {shown_url(url)}{whose}: {one_line(result)}", hint=_hint_of(result)
            ) from result
        raise PluginError(
            f"{provider.plugin}: the factory of {scheme}:// gave a {type(result).__name__}, no Storage"
        )

    def open_notifier(self, url: str, options: Mapping[str, Any]) -> tuple[str, Notifier]:
        """Make the notifier of a URL, which is a secret: no message holds more of it than its scheme.

        Returns:
            The name of the plugin, and its notifier.

        Raises:
            PluginError: no plugin serves its scheme, two do, or the one that does failed.
        """
        scheme = scheme_of(url)
        if scheme is None:
            raise PluginError(
                "a notify target is no URL", hint="write scheme://…, or ${NAME} of a variable with one"
            )
        _refuse_clash(self._loaded.notifiers, scheme)
        provider = self._loaded.notifiers.find(scheme)
        if provider is None:
            message, hint = self._nobody(scheme, NOTIFIERS, self._loaded.notifiers.names, "notifies under")
            raise PluginError(message, hint=hint)
        result = attempt(lambda: provider.factory(url, options))
        if isinstance(result, BaseException):
            text = without(one_line(result), url)
            advice = _hint_of(result)
            raise PluginError(
                f"{provider.plugin}: cannot notify under {scheme}://…: {text}",
                hint=None if advice is None else without(advice, url),
            ) from None
        if not callable(getattr(result, "notify", None)):
            raise PluginError(
                f"{provider.plugin}: the factory of {scheme}:// gave a {type(result).__name__}, no Notifier"
            )
        return provider.plugin, result

    def review_plan(self, plan: Plan) -> None:
        """Show a plan to every plugin that wants to see it.

        Raises:
            PlanRefused: one of them vetoed it, or failed while it looked; the message names each.
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
        """Show a downloaded file to every plugin that wants to see it.

        Returns:
            What they found out, together; the last one called has the last word on a key.

        Raises:
            OutputRejected: one of them rejected it, or failed; the message names it.
        """
        facts: dict[str, Any] = {}
        arguments = {"project": project, "output": output, "file": file}
        for plugin, implementation in self._loaded.implementations("mhsync_check_output"):
            result = attempt(partial(_facts, implementation, arguments))
            if isinstance(result, BaseException):
                verb = "rejected" if isinstance(result, OutputRejected) else "failed to check"
                raise OutputRejected(
                    f"{plugin} {verb} {shown(output.path)}: {one_line(result)}",
                    hint=_hint_of(result),
                    id=project.id,
                ) from result
            facts |= result
        return facts

    def event(self, event: Event) -> list[PluginError]:
        """Tell every plugin that wants to know; the errors of those that raised."""
        return self._tell_all("mhsync_event", {"event": event})

    def add_commands(self, group: click.Group) -> list[PluginError]:
        """Let every plugin add its commands; the errors of those that raised."""
        return self._tell_all("mhsync_commands", {"group": group})

    def _tell_all(self, hook: str, arguments: Mapping[str, object]) -> list[PluginError]:
        results = [
            (plugin, attempt(partial(call, implementation, arguments)))
            for plugin, implementation in self._loaded.implementations(hook)
        ]
        return [
            PluginError(f"{plugin}: {hook} failed: {one_line(result)}", hint=_hint_of(result))
            for plugin, result in results
            if isinstance(result, BaseException)
        ]

    def _nobody(
        self, scheme: str, known: Mapping[str, Package], served: Sequence[str], does: str
    ) -> tuple[str, str]:
        """What to say of a scheme that nobody serves: a message and a hint."""
        broken = {plugin.name: plugin.error for plugin in self.plugins if plugin.error is not None}
        failed = "".join(f"; {name} is broken: {error}" for name, error in broken.items())
        served_by = matching(scheme, known)
        package = known.get(served_by or "")
        if package is None:
            return (
                f"no plugin {does} {scheme}://{failed}",
                f"install the plugin that does; served here: {', '.join(served) or 'none'}",
            )
        if package.name in broken:
            return (
                f"{scheme}:// needs {package.name}, which is broken: {broken[package.name]}",
                "mend or reinstall it",
            )
        if self._left_out is None or package.name in self._left_out:
            return (
                f"{scheme}:// needs {package.name}, which was not to be loaded",
                "leave out --no-plugins, and name it in MHSYNC_PLUGINS where that is set",
            )
        # What only the fallback would serve may be the scheme of a plugin that is broken.
        others = failed if served_by == FALLBACK else ""
        return (
            f"{scheme}:// needs {package.name}: {package.install}{others}",
            install_place(),
        )


def _refuse_clash(schemes: Schemes[Any], scheme: str) -> None:
    clash = schemes.clash(scheme)
    if clash is not None:
        raise PluginError(str(clash), hint="uninstall one of them, or choose with MHSYNC_PLUGINS")


def _storage_url(file: ManifestFile) -> str:
    """The storage's URL; a plain path becomes a file's URL.

    Raises:
        UsageError: it is neither a path nor a URL.
    """
    place = file.storage
    if scheme_of(place) is not None:
        return place
    problem = path_problem(place)
    if problem is not None:
        raise UsageError(f"{problem.message}: {place!r:.120}", hint=problem.hint)
    return Path(file.folder, place).as_uri()


def _facts(implementation: HookImpl, arguments: Mapping[str, object]) -> dict[str, Any]:
    """What a check found out, as the receipt can keep it."""
    given = call(implementation, arguments)
    facts: dict[str, Any] = {} if given is None else dict(given)
    kept: Any = values_without_queries(json.loads(json.dumps(facts, allow_nan=False)))
    return dict(kept)


def _hint_of(error: BaseException) -> str | None:
    return flat(error.hint) if isinstance(error, MhsyncError) and error.hint is not None else None


def _itself(value: object) -> object:
    return value
