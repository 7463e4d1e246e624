"""Plugins as pip installs them: distributions on the path, with metadata and an entry point."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mhsync.errors import PluginError
from mhsync.hooks.manager import Hooks, PluginInfo

BUILT_IN = PluginInfo("mhsync", None, "mhsync.hooks.builtin", ("mhsync_storage_schemes",), ("file",))
GOOD = """
    @hookimpl
    def mhsync_event(event): ...
"""


class Environment:
    """A folder on `sys.path` that plugins are installed into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: list[str] = []

    def install(self, name: str, source: str, *, version: str = "1.0", target: str | None = None) -> None:
        """Write a distribution of one module, with its entry point."""
        self.install_groups(name, source, {"mhsync": {"plugin": target or ""}}, version=version)

    def install_groups(
        self, name: str, source: str, groups: Mapping[str, Mapping[str, str]], *, version: str = "1.0"
    ) -> None:
        """Write a distribution of one module, with these entry points by their group; "" is the module."""
        module = name.replace("-", "_").replace(".", "_").lower()
        self.modules.append(module)
        header = "from mhsync import hookimpl\n"
        (self.folder / f"{module}.py").write_text(header + textwrap.dedent(source))
        metadata = self.folder / f"{module}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        text = ""
        for group, points in groups.items():
            text += f"[{group}]\n" + "".join(f"{name} = {value or module}\n" for name, value in points.items())
        (metadata / "entry_points.txt").write_text(text)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    environment = Environment(folder)
    yield environment
    for module in environment.modules:
        sys.modules.pop(module, None)


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
