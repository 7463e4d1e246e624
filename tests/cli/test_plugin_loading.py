"""`--no-plugins` and `MHSYNC_PLUGINS` choose the plugins; none is imported to find out whether there are any."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from mhsync.cli.console import Console
from mhsync.cli.plugin_loading import has_plugins, load_hooks
from mhsync.errors import UsageError


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A distribution on the path whose plugin fails when it is imported."""
    (tmp_path / "mhsync_test_loading.py").write_text("raise AssertionError('imported')")
    metadata = tmp_path / "mhsync_test_loading-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mhsync-test-loading\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[mhsync]\none = mhsync_test_loading\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "mhsync-test-loading"


def console(**environ: str) -> Console:
    return Console(environ=environ, stdout=io.StringIO(), stderr=io.StringIO())


def names(environ: dict[str, str], *, is_enabled: bool = True) -> set[str]:
    return {one.name for one in load_hooks(console(**environ), is_enabled=is_enabled).plugins}


def test_an_installed_plugin_is_detected_without_an_import(plugin: str):
    assert has_plugins({})
    assert has_plugins({"MHSYNC_PLUGINS": plugin})


def test_an_empty_list_of_plugins_means_none(plugin: str):
    assert not has_plugins({"MHSYNC_PLUGINS": ""})
    assert names({"MHSYNC_PLUGINS": ""}) == {"mhsync"}


def test_the_environment_and_the_flag_choose_the_plugins(plugin: str):
    assert plugin in names({})
    assert names({"MHSYNC_PLUGINS": plugin}) == {"mhsync", plugin}
    assert names({"MHSYNC_PLUGINS": plugin}, is_enabled=False) == {"mhsync"}


def test_a_plugin_that_is_not_installed_is_an_error(plugin: str):
    with pytest.raises(UsageError, match="no installed plugin is named 'mhsync-none'"):
        names({"MHSYNC_PLUGINS": "mhsync-none"})
