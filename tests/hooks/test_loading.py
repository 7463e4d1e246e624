"""Which plugins are loaded, and how broken ones are reported: each by its name, without affecting others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mhsync.core.manifest import ManifestFile
from mhsync.errors import PluginError, UsageError
from mhsync.hooks.guarded_storage import GuardedStorage
from mhsync.hooks.manager import Hooks, PluginInfo
from mhsync.storage.local import LocalStorage
from tests.hooks.conftest import Environment

BUILT_IN = PluginInfo("mhsync", None, "mhsync.hooks.builtin", ("mhsync_storage_schemes",), ("file",))
GOOD = """
    @hookimpl
    def mhsync_event(event): ...
"""


def installed(hooks: Hooks, environment: Environment) -> list[PluginInfo]:
    """The plugins of the test, whatever else this machine has."""
    return [plugin for plugin in hooks.plugins if plugin.module.partition(":")[0] in environment.modules]


def error_of(environment: Environment, source: str, **how: str) -> str:
    environment.install("mhsync-broken", source, **how)
    environment.install("mhsync-well", GOOD)
    hooks = Hooks.load()
    broken, well = installed(hooks, environment)
    assert (broken.name, broken.is_loadable, broken.hooks, broken.schemes) == ("mhsync-broken", False, (), ())
    assert (well.error, well.hooks) == (None, ("mhsync_event",))
    assert broken.error is not None
    assert broken.error.isprintable()
    with pytest.raises(PluginError, match="the plugin mhsync-broken is broken: ") as refused:
        hooks.require_loaded()
    assert broken.error in refused.value.message
    assert "MHSYNC_PLUGINS" in (refused.value.hint or "")
    return broken.error


class TestSelection:
    def test_what_is_built_in_comes_first_and_through_the_same_hooks(self) -> None:
        assert Hooks.load(enabled=False).plugins == (BUILT_IN,)
        assert Hooks.load().plugins[0] == BUILT_IN

    def test_an_installed_plugin_is_listed_with_where_it_came_from(self, environment: Environment) -> None:
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

    def test_an_entry_point_may_name_an_object(self, environment: Environment) -> None:
        environment.install(
            "mhsync-example",
            """
            class Plugin:
                @hookimpl
                def mhsync_event(self, event): ...
            plugin = Plugin()
            """,
            target="mhsync_example:plugin",
        )
        (plugin,) = installed(Hooks.load(), environment)
        assert (plugin.module, plugin.hooks) == ("mhsync_example:plugin", ("mhsync_event",))

    def test_no_plugin_is_imported_while_plugins_are_switched_off(self, environment: Environment) -> None:
        environment.install("mhsync-example", "raise AssertionError('imported')")
        assert Hooks.load(enabled=False, only=["mhsync-example"]).plugins == (BUILT_IN,)
        assert Hooks.load(only=[]).plugins == (BUILT_IN,)

    def test_only_what_is_chosen_is_imported(self, environment: Environment) -> None:
        environment.install("mhsync-one", GOOD)
        environment.install("mhsync-two", "raise AssertionError('imported')")
        hooks = Hooks.load(only=["mhsync-one"])
        assert [plugin.name for plugin in hooks.plugins] == ["mhsync", "mhsync-one"]
        assert hooks.plugins[1].error is None

    @pytest.mark.parametrize("name", ["mhsync.one", "MHSYNC_One", " mhsync--one "])
    def test_names_are_compared_as_those_of_distributions_are(self, environment: Environment, name: str) -> None:
        environment.install("mhsync-one", GOOD)
        assert [plugin.name for plugin in Hooks.load(only=[name, ""]).plugins] == ["mhsync", "mhsync-one"]

    def test_a_name_that_is_not_installed_is_an_error(self, environment: Environment) -> None:
        environment.install("mhsync-one", GOOD)
        with pytest.raises(UsageError, match="no installed plugin is named 'mhsync-tow'") as refused:
            Hooks.load(only=["mhsync-one", "mhsync-tow"])
        assert "mhsync-one" in (refused.value.hint or "")

    def test_an_installed_distribution_without_plugins_cannot_be_chosen(self) -> None:
        with pytest.raises(UsageError, match="'pytest'"):
            Hooks.load(only=["pytest"])

    def test_plugins_may_be_given_as_objects(self) -> None:
        class Plugin:
            @staticmethod
            def unrelated() -> None: ...

        assert [plugin.name for plugin in Hooks.of(mine=Plugin()).plugins] == ["mhsync", "mine"]


class TestBrokenPlugins:
    def test_a_plugin_that_cannot_be_imported(self, environment: Environment) -> None:
        error = error_of(environment, "import a_module_that_is_not_installed")
        assert (
            error == "it cannot be loaded: ModuleNotFoundError: No module named 'a_module_that_is_not_installed'"
        )

    def test_a_plugin_with_a_syntax_error(self, environment: Environment) -> None:
        assert "it cannot be loaded: SyntaxError" in error_of(environment, "def")

    def test_a_plugin_that_exits_during_its_import(self, environment: Environment) -> None:
        assert error_of(environment, "raise SystemExit(0)") == "it cannot be loaded: SystemExit: 0"

    def test_a_long_error_of_an_import_is_shortened(self, environment: Environment) -> None:
        error = error_of(environment, "raise ValueError('many\\nlines \\x1b[31m' + 'x' * 5000)")
        assert error.startswith("it cannot be loaded: ValueError: many lines \N{REPLACEMENT CHARACTER}[31mxxx")
        assert len(error) < 400

    def test_a_plugin_whose_entry_point_has_no_target(self, environment: Environment) -> None:
        assert "AttributeError" in error_of(environment, GOOD, target="mhsync_broken:nothing")

    def test_a_misspelt_hook_is_reported_with_the_nearest_one(self, environment: Environment) -> None:
        error = error_of(
            environment,
            """
            @hookimpl
            def mhsync_chek_output(output): ...
            """,
        )
        assert error == "there is no hook mhsync_chek_output: did you mean mhsync_check_output?"

    def test_a_hook_without_its_decorator_is_reported(self, environment: Environment) -> None:
        error = error_of(environment, "def mhsync_review_plan(plan): raise ValueError")
        assert error == "mhsync_review_plan lacks the decorator @mhsync.hookimpl"

    def test_an_argument_that_the_hook_does_not_have_is_reported(self, environment: Environment) -> None:
        error = error_of(
            environment,
            """
            @hookimpl
            def mhsync_event(event, project): ...
            """,
        )
        assert "mhsync_event" in error
        assert "'project'" in error

    def test_a_hook_wrapper_is_reported(self, environment: Environment) -> None:
        error = error_of(
            environment,
            """
            @hookimpl(wrapper=True)
            def mhsync_event(event): yield
            """,
        )
        assert error == "mhsync_event is a hook wrapper, which mhsync does not support"

    def test_a_plugin_that_implements_no_hook_is_reported(self, environment: Environment) -> None:
        assert error_of(environment, "") == "the plugin implements no hook"

    def test_a_broken_plugin_does_not_affect_manifests_that_do_not_need_it(
        self, environment: Environment, tmp_path: Path
    ) -> None:
        environment.install("mhsync-broken", "import a_module_that_is_not_installed")
        storage = Hooks.load().open_storage(ManifestFile("m.yaml", str(tmp_path), "", "./outputs"))
        assert isinstance(storage, GuardedStorage)
        assert isinstance(storage.wrapped, LocalStorage)


CLAIMS = """
    @hookimpl
    def mhsync_{kind}_schemes(): return {schemes}
"""


class TestSchemesThatCannotBe:
    @pytest.mark.parametrize("kind", ["storage", "notifier"])
    def test_two_plugins_with_one_scheme_are_both_named(self, environment: Environment, kind: str) -> None:
        environment.install("mhsync-one", CLAIMS.format(kind=kind, schemes="{'same': dict, 'other': dict}"))
        environment.install("mhsync-two", CLAIMS.format(kind=kind, schemes="{'same': dict}"))
        hooks = Hooks.load()
        expected = "mhsync-one and mhsync-two both serve same://"
        assert [plugin.error for plugin in installed(hooks, environment)] == [expected, expected]
        with pytest.raises(PluginError, match=expected):
            hooks.require_loaded()

    def test_a_storage_and_a_notifier_may_share_one(self, environment: Environment) -> None:
        environment.install("mhsync-one", CLAIMS.format(kind="storage", schemes="{'same': dict}"))
        environment.install("mhsync-two", CLAIMS.format(kind="notifier", schemes="{'same': dict}"))
        Hooks.load().require_loaded()

    def test_a_plugin_cannot_take_a_folder_s_scheme(self, environment: Environment) -> None:
        environment.install("mhsync-one", CLAIMS.format(kind="storage", schemes="{'file': dict}"))
        with pytest.raises(PluginError, match="mhsync and mhsync-one both serve file://"):
            Hooks.load().require_loaded()

    @pytest.mark.parametrize(
        ("kind", "schemes", "problem"),
        [
            ("storage", "{'S3': dict}", "names 'S3', which is not a scheme in lower case"),
            ("storage", "{'s3://': dict}", "names 's3://'"),
            ("storage", "{'': dict}", "names ''"),
            ("storage", "{'*': dict}", r"names '\*'"),
            ("storage", "{1: dict}", "names 1"),
            ("storage", "{'s3': 'dict'}", "returns a str for s3, not a factory"),
            ("storage", "None", "failed: TypeError"),
            ("storage", "1 / 0", "failed: ZeroDivisionError: division by zero"),
            ("notifier", "['slack']", "failed: ValueError"),
        ],
    )
    def test_an_invalid_scheme_is_reported_and_affects_only_manifests_that_use_it(
        self, environment: Environment, kind: str, schemes: str, problem: str
    ) -> None:
        environment.install("mhsync-broken", CLAIMS.format(kind=kind, schemes=schemes) + GOOD)
        hooks = Hooks.load()
        (plugin,) = installed(hooks, environment)
        assert plugin.schemes == ()
        assert plugin.hooks == ("mhsync_event", f"mhsync_{kind}_schemes")
        assert re.match(f"mhsync_{kind}_schemes {problem}", plugin.error or "")
        hooks.require_loaded()
