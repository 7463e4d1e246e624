"""Plugins that fail while they are loaded, and schemes that cannot be served, are reported by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mhsync.core.manifest import ManifestFile
from mhsync.errors import PluginError
from mhsync.hooks.guarded_storage import GuardedStorage
from mhsync.hooks.manager import Hooks
from mhsync.storage.local import LocalStorage
from tests.hooks.conftest import GOOD, Environment, error_of, installed


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


class TestInvalidSchemes:
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
