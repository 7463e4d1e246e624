"""Install hints name a command that works: a folder of a checkout before a release, then the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mhsync.core import install_command as install

ROOT = Path(__file__).parents[2]
PAGES = [
    *ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("plugins/*/README.md"), *ROOT.glob("examples/*/README.md"),
    *(ROOT / "mhsync").rglob("*.in"),
]  # fmt: skip
CODE = [*(ROOT / "mhsync").rglob("*.py"), *ROOT.glob("plugins/*/mhsync_*/*.py")]
REMOTE = re.compile(r"pip install [^\n`#]*?(?<![./\w-])'?(mhsync[a-z-]*)")


def test_before_a_release_the_hint_names_the_folder_of_a_checkout():
    assert not install.PUBLISHED, "the release turns it: then the pages must name the packages"
    assert install.install_command("mhsync-cloud", shortcut="s3") == "pip install ./plugins/mhsync-cloud"
    assert install.install_command("mhsync-cloud", "aws") == "pip install './plugins/mhsync-cloud[aws]'"
    assert (ROOT / "plugins/mhsync-cloud").is_dir()
    assert "checkout" in install.install_place()


def test_after_a_release_the_hint_names_the_package(monkeypatch):
    monkeypatch.setattr(install, "PUBLISHED", True)
    assert install.install_command("mhsync-cloud", shortcut="s3") == "pip install 'mhsync[s3]'"
    assert install.install_command("mhsync-cloud", "aws", shortcut="s3") == "pip install 'mhsync-cloud[aws]'"
    assert "checkout" not in install.install_place()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_installs_a_name_that_another_person_could_register(page):
    if not install.PUBLISHED and page.name != "release.md":  # which says what the release changes
        assert REMOTE.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", CODE, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_hints_in_code_are_made_in_one_place(file):
    if file != ROOT / "mhsync/core/install_command.py":
        assert not re.search(r"pip install '?mhsync", file.read_text(encoding="utf-8"))
