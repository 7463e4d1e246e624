"""The files of `mhsync plugins new`: all are written or none, under names that are not in use."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from mhsync import __version__
from mhsync.errors import MhsyncError, UsageError
from mhsync.testing.scaffold import Names, write

TEMPLATE = Path(__file__).parents[2] / "mhsync" / "testing" / "template"


@pytest.mark.parametrize(
    ("name", "package", "scheme", "title"),
    [
        ("mhsync-shelf", "mhsync_shelf", "shelf", "Shelf"),
        ("MHsync-Big-Shelf", "mhsync_big_shelf", "big-shelf", "BigShelf"),
        ("papershelf2", "papershelf2", "papershelf2", "Papershelf2"),
        ("a", "a", "a", "A"),
    ],
)
def test_all_names_follow_from_the_distribution_s(name: str, package: str, scheme: str, title: str) -> None:
    names = Names.of(name)
    assert (names.distribution, names.package, names.scheme, names.title) == (name, package, scheme, title)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "/x",
        "a/b",
        "-x",
        "x-",
        "a--b",
        "1x",
        "mhsync-1x",
        "mhsync-",
        "a b",
        "ä",
        "a\n",
        "x" * 61,
        "Mhsync_Bad",
        "mhsync.shelf",
    ],
)
def test_what_is_no_name_of_a_plugin_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not a name for a plugin"):
        write(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_refused_name_is_answered_with_one_that_can_be_used() -> None:
    with pytest.raises(UsageError) as refused:
        Names.of("Mhsync_Bad")
    assert (refused.value.hint or "").endswith("begin with a letter: mhsync-bad")
    assert Names.of("mhsync-bad").distribution == "mhsync-bad"


@pytest.mark.parametrize("name", ["mhsync-cloud", "MHSYNC-Cloud", "s3", "mhsync-s3"])
def test_a_name_or_scheme_of_ours_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is taken by a plugin of mhsync's own"):
        Names.of(name, {"mhsync-cloud", "s3"})


@pytest.mark.parametrize("name", ["json", "Click", "mhsync"])
def test_a_package_that_would_hide_another_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"a package '{name.lower()}' is installed already"):
        Names.of(name)


def test_a_word_of_python_is_refused() -> None:
    with pytest.raises(UsageError, match="'class'"):
        Names.of("class")


def test_the_reported_files_are_written_and_no_others(tmp_path: Path) -> None:
    written = write("mhsync-shelf", tmp_path)
    assert written.folder == tmp_path / "mhsync-shelf"
    assert [path.name for path in tmp_path.iterdir()] == ["mhsync-shelf"]
    files = {path.relative_to(written.folder).as_posix() for path in written.folder.rglob("*") if path.is_file()}
    assert sorted(written.files) == sorted(files)
    assert len(files) == len(list(TEMPLATE.iterdir())), "every template is used"


def test_no_placeholder_is_left(tmp_path: Path) -> None:
    written = write("mhsync-big-shelf", tmp_path)
    text = "".join((written.folder / file).read_text(encoding="utf-8") for file in written.files)
    for word in ("$name", "$package", "$scheme", "$title", "$version", "${", "$$"):
        assert word not in text
    assert "class BigShelfStorage(MinimalStorage)" in text


def test_it_asks_for_this_version_of_mhsync_and_has_an_entry_point(tmp_path: Path) -> None:
    written = write("mhsync-shelf", tmp_path)
    project = tomllib.loads((written.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = ".".join(__version__.split(".")[:2])
    assert project["dependencies"] == [f"mhsync>={version}"]
    assert project["entry-points"] == {"mhsync.storage_schemes": {"shelf": "mhsync_shelf.plugin:open_storage"}}
    assert (project["name"], project["license"]) == ("mhsync-shelf", "MIT")


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "mhsync-shelf").mkdir()
    assert (write("mhsync-shelf", tmp_path).folder / "pyproject.toml").is_file()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_there_is_never_touched(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "mhsync-shelf"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if kind == "file":
        place.write_text("mine")
    elif kind == "folder":
        place.mkdir()
        (place / ".hidden").write_text("mine")
    else:
        place.symlink_to(elsewhere)
    with pytest.raises(UsageError, match="mhsync-shelf is there already"):
        write("mhsync-shelf", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "mhsync-shelf"]
    assert list(elsewhere.iterdir()) == []
    if kind == "folder":
        assert [path.name for path in place.iterdir()] == [".hidden"]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.write_text

    def full(self: Path, *given: str, **more: str) -> int:
        if self.name == "storage.py":
            raise OSError(28, os.strerror(28))
        return real(self, *given, **more)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(MhsyncError, match="cannot write mhsync-shelf: No space left on device"):
        write("mhsync-shelf", tmp_path)
    assert list(tmp_path.iterdir()) == []
