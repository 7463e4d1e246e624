"""Which plugins the environment chooses; whether one may be installed is read from files, and nothing is imported."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from mhsync.hooks.entry_points import may_be_installed, plugins_to_load


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only one on the path."""
    site = tmp_path / "site"
    site.mkdir()
    path_finder = [one for one in sys.meta_path if getattr(one, "__name__", "") == "PathFinder"]
    monkeypatch.setattr(sys, "meta_path", path_finder)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "missing"), str(site)])
    return site


def install(site: Path, group: str, suffix: str = ".dist-info") -> None:
    metadata = site / f"example-1{suffix}"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text(f"[other]\na = b\n[{group}]\none = example\n")


def test_without_a_plugin_none_may_be_installed(site: Path):
    assert not may_be_installed()
    install(site, "console_scripts")
    (site / "no_metadata-1.dist-info").mkdir()
    assert not may_be_installed()


@pytest.mark.parametrize("suffix", [".dist-info", ".egg-info", ".DIST-INFO"])
def test_a_distribution_with_the_group_is_found(site: Path, suffix: str):
    install(site, "mhsync", suffix)
    assert may_be_installed()


def test_an_archive_on_the_path_may_contain_one(site: Path, monkeypatch: pytest.MonkeyPatch):
    archive = site / "packages.zip"
    zipfile.ZipFile(archive, "w").close()
    monkeypatch.setattr(sys, "path", [str(archive)])
    assert may_be_installed()


def test_another_finder_of_distributions_may_know_one(site: Path, monkeypatch: pytest.MonkeyPatch):
    class Finder:
        @staticmethod
        def find_distributions() -> None: ...

    monkeypatch.setattr(sys, "meta_path", [Finder])
    assert may_be_installed()


@pytest.mark.parametrize(
    ("environ", "names"),
    [({}, None), ({"MHSYNC_PLUGINS": ""}, ()), ({"MHSYNC_PLUGINS": " a, b,,"}, ("a", "b"))],
)
def test_plugins_are_those_that_are_listed(environ, names):
    assert plugins_to_load(environ) == names
