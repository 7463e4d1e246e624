"""Which installed plugins are found and loaded: all, those that are listed, or none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mhsync.core.manifest import ManifestFile
from mhsync.errors import PluginError, StorageUnavailable, UsageError
from mhsync.hooks.manager import Hooks, PluginInfo
from tests.hooks.conftest import BUILT_IN, GOOD, Environment, installed


def test_what_is_built_in_comes_first_and_through_the_same_hooks() -> None:
    assert Hooks.load(enabled=False).plugins == (BUILT_IN,)
    assert Hooks.load().plugins[0] == BUILT_IN


def test_an_installed_plugin_is_listed_with_where_it_came_from(environment: Environment) -> None:
    environment.install(
        "mhsync-example",
        """
        @hookimpl
        def mhsync_storage_schemes(): return {"one": dict, "two+": dict}

        @hookimpl
        def mhsync_notifier_schemes(): return {"three": dict}

        @hookimpl(specname="mhsync_event")
        def receive(event): ...
        """,
        version="2.3",
    )
    assert installed(Hooks.load(), environment) == [
        PluginInfo(
            "mhsync-example",
            "2.3",
            "mhsync_example",
            ("mhsync_event", "mhsync_notifier_schemes", "mhsync_storage_schemes"),
            ("one", "three", "two+"),
        )
    ]
    Hooks.load().require_loaded()


def test_an_entry_point_may_name_an_object(environment: Environment) -> None:
    environment.install(
        "mhsync-example",
        """
        class Plugin:
            @hookimpl
            def mhsync_event(event): ...
        plugin = Plugin()
        """,
        target="mhsync_example:plugin",
    )
    (plugin,) = installed(Hooks.load(), environment)
    assert (plugin.module, plugin.hooks) == ("mhsync_example:plugin", ("mhsync_event",))


def test_no_plugin_is_imported_while_plugins_are_switched_off(environment: Environment) -> None:
    environment.install("mhsync-example", "raise AssertionError('imported')")
    assert Hooks.load(enabled=False, only=["mhsync-example"]).plugins == (BUILT_IN,)
    assert Hooks.load(only=[]).plugins == (BUILT_IN,)


def test_only_what_is_chosen_is_imported(environment: Environment) -> None:
    environment.install("mhsync-one", GOOD)
    environment.install("mhsync-two", "raise AssertionError('imported')")
    hooks = Hooks.load(only=["mhsync-one"])
    assert [plugin.name for plugin in hooks.plugins] == ["mhsync", "mhsync-one"]
    assert hooks.plugins[1].error is None


@pytest.mark.parametrize("name", ["mhsync.one", "MHSYNC_One", " mhsync--one "])
def test_names_are_compared_as_those_of_distributions_are(environment: Environment, name: str) -> None:
    environment.install("mhsync-one", GOOD)
    assert [plugin.name for plugin in Hooks.load(only=[name, ""]).plugins] == ["mhsync", "mhsync-one"]


def test_a_name_that_is_not_installed_is_an_error(environment: Environment) -> None:
    environment.install("mhsync-one", GOOD)
    with pytest.raises(UsageError, match="no installed plugin is named 'mhsync-tow'") as refused:
        Hooks.load(only=["mhsync-one", "mhsync-tow"])
    assert "mhsync-one" in (refused.value.hint or "")


def test_an_installed_distribution_without_plugins_cannot_be_chosen() -> None:
    with pytest.raises(UsageError, match="'pytest'"):
        Hooks.load(only=["pytest"])


def test_plugins_may_be_given_as_objects() -> None:
    class Plugin:
        @staticmethod
        def unrelated() -> None: ...

    assert [plugin.name for plugin in Hooks.of(mine=Plugin()).plugins] == ["mhsync", "mine"]


STORAGE = """
    from mhsync.storage.local import LocalStorage

    def open_storage(url, options):
        return LocalStorage(url.partition("://")[2])

    def open_notifier(url, options):
        class Notifier:
            def notify(self, event): ...
        return Notifier()

    no_factory = 5
"""
SCHEMES = {
    "mhsync.storage_schemes": {"lazy": "mhsync_lazy:open_storage"},
    "mhsync.notifier_schemes": {"*": "mhsync_lazy:open_notifier"},
}


class TestSchemesThatAreEntryPoints:
    def file(self, scheme: str, folder: Path) -> ManifestFile:
        return ManifestFile(str(folder / "m.yaml"), str(folder), "", f"{scheme}://{folder}")

    def test_the_module_is_imported_when_a_manifest_uses_the_scheme(
        self, environment: Environment, tmp_path: Path
    ) -> None:
        environment.install_groups("mhsync-lazy", STORAGE, SCHEMES)
        hooks = Hooks.load()
        hooks.require_loaded()
        hooks.open_storage(self.file("file", tmp_path)).close()
        assert installed(hooks, environment) == [
            PluginInfo(
                "mhsync-lazy",
                "1.0",
                "mhsync_lazy",
                ("mhsync_notifier_schemes", "mhsync_storage_schemes"),
                ("*", "lazy"),
            )
        ]
        assert "mhsync_lazy" not in sys.modules
        hooks.open_storage(self.file("lazy", tmp_path)).close()
        assert "mhsync_lazy" in sys.modules
        assert hooks.open_notifier("any://b", {})[0] == "mhsync-lazy"

    def test_a_module_that_cannot_be_imported_fails_what_uses_it(
        self, environment: Environment, tmp_path: Path
    ) -> None:
        environment.install_groups("mhsync-lazy", "import no_such_module", SCHEMES)
        hooks = Hooks.load()
        hooks.require_loaded()
        with pytest.raises(
            StorageUnavailable, match=r"plugin mhsync-lazy\): it cannot be loaded: ModuleNotFound"
        ) as no:
            hooks.open_storage(self.file("lazy", tmp_path))
        assert "uninstall the plugin" in (no.value.hint or "")
        with pytest.raises(PluginError, match="it cannot be loaded"):
            hooks.open_notifier("any://b", {})
        assert installed(hooks, environment)[0].error is None
        examined = {plugin.name: plugin.error for plugin in hooks.examined_plugins()}
        assert "it cannot be loaded: ModuleNotFoundError" in (examined["mhsync-lazy"] or "")
        assert examined["mhsync"] is None

    def test_an_object_that_is_no_factory_is_reported(self, environment: Environment, tmp_path: Path) -> None:
        groups = {"mhsync.storage_schemes": {"lazy": "mhsync_lazy:no_factory"}}
        environment.install_groups("mhsync-lazy", STORAGE, groups)
        with pytest.raises(StorageUnavailable, match="its entry point names a int, not a factory"):
            Hooks.load().open_storage(self.file("lazy", tmp_path))

    def test_a_scheme_of_two_plugins_is_served_by_neither(self, environment: Environment) -> None:
        environment.install_groups("mhsync-lazy", STORAGE, SCHEMES)
        environment.install("mhsync-two", "@hookimpl\ndef mhsync_storage_schemes(): return {'lazy': dict}")
        with pytest.raises(PluginError, match="mhsync-two and mhsync-lazy both serve lazy://"):
            Hooks.load().require_loaded()

    def test_an_invalid_scheme_is_reported(self, environment: Environment) -> None:
        environment.install_groups("mhsync-lazy", STORAGE, {"mhsync.storage_schemes": {"Lazy": "mhsync_lazy"}})
        (plugin,) = installed(Hooks.load(), environment)
        assert plugin.error == "mhsync_storage_schemes names 'Lazy', which is not a scheme in lower case"

    def test_a_plugin_that_is_not_chosen_serves_nothing(self, environment: Environment, tmp_path: Path) -> None:
        environment.install_groups("mhsync-lazy", STORAGE, SCHEMES)
        with pytest.raises(StorageUnavailable, match="lazy:// needs"):
            Hooks.load(only=[]).open_storage(self.file("lazy", tmp_path))
