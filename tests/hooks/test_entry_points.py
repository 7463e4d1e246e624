"""Which plugins the environment chooses; which are installed is read from files, and nothing is imported."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from mhsync.hooks.entry_points import EntryPoint, _from_metadata, entry_points, may_be_installed, plugins_to_load


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


def write(site: Path, folder: str, groups: dict[str, str]) -> None:
    metadata = site / folder
    metadata.mkdir()
    name, _, version = folder.removesuffix(".dist-info").partition("-")
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    text = "".join(f"[{group}]\n{lines}\n" for group, lines in groups.items())
    (metadata / "entry_points.txt").write_text(f"# a comment\n{text}")


def test_the_files_give_what_the_metadata_gives(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(
        site, "Mhsync_One-1.2.dist-info", {"mhsync": "one = one_package.plugin:it \n# no = no", "other": "a = b"}
    )
    write(site, "mhsync.two-3.dist-info", {"mhsync.storage_schemes": "two+ = two:open\nthree=two : open [extra]"})
    write(site, "mhsync_four-4.dist-info", {"mhsync.notifier_schemes": "* = four:open", "mhsync.other": "a = b"})
    later = tmp_path / "later"
    later.mkdir()
    write(later, "mhsync_one-0.9.dist-info", {"mhsync": "hidden = hidden"})
    monkeypatch.setattr(sys, "path", [*sys.path, str(later)])
    found = sorted(entry_points(), key=lambda point: point.name)
    assert found == sorted(_from_metadata(), key=lambda point: point.name)
    assert [(each.distribution, each.version, each.name) for each in found] == [
        ("mhsync-four", "4", "*"),
        ("mhsync-one", "1.2", "one"),
        ("mhsync-two", "3", "three"),
        ("mhsync-two", "3", "two+"),
    ]
    assert {each.module for each in found} == {"four", "one_package.plugin", "two"}


@pytest.mark.parametrize("suffix", [".egg-info", ".DIST-INFO"])
def test_other_forms_of_metadata_are_left_to_the_library(site: Path, suffix: str):
    install(site, "mhsync", suffix)
    (site / f"example-1{suffix}" / "METADATA").write_text("Name: example\nVersion: 1\n")
    (site / f"example-1{suffix}" / "PKG-INFO").write_text("Name: example\nVersion: 1\n")
    assert [(each.distribution, each.name) for each in entry_points()] == [("example", "one")]


def test_the_object_of_an_entry_point_is_loaded():
    point = EntryPoint("example", None, "mhsync", "one", "os : path.sep [extra]")
    assert point.load() == "/"
    with pytest.raises(ModuleNotFoundError):
        EntryPoint("example", None, "mhsync", "one", "no_such_module").load()


@pytest.mark.parametrize(
    ("environ", "names"),
    [({}, None), ({"MHSYNC_PLUGINS": ""}, ()), ({"MHSYNC_PLUGINS": " a, b,,"}, ("a", "b"))],
)
def test_plugins_are_those_that_are_listed(environ, names):
    assert plugins_to_load(environ) == names
