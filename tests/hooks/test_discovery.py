"""Which installed plugins are found and loaded: all, those that are listed, or none."""

from __future__ import annotations

import pytest

from mhsync.errors import UsageError
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
