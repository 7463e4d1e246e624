"""The public names of `mhsync.storage_kit`: all documented, all documented names present."""

from __future__ import annotations

import re
from pathlib import Path

import mhsync.storage_kit

PAGE = Path(__file__).parents[2] / "docs/plugins.md"


def test_the_page_lists_exactly_the_public_names():
    section = PAGE.read_text().split("### The storage kit\n")[1].split("\n### ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)", "".join(cells))) == sorted(mhsync.storage_kit.__all__)


def test_every_public_name_has_a_docstring():
    for name in mhsync.storage_kit.__all__:
        value = getattr(mhsync.storage_kit, name)
        assert isinstance(value, str) or value.__doc__, name
