"""Selectors choose ids, patterns of ids and states; one that chooses nothing is named."""

from __future__ import annotations

import pytest

from mhsync.core.manifest import State
from mhsync.core.selection import select
from tests.core.builders import entry, manifest

MANIFEST = manifest(
    entry("intro-1"), entry("intro-2", State.ARCHIVED), entry("outro", State.DELETED), entry("INTRO-3")
)


@pytest.mark.parametrize(
    ("selectors", "ids", "unused"),
    [
        (["outro"], {"outro"}, ()),
        (["intro-*"], {"intro-1", "intro-2"}, ()),
        (["intro-?", "outro"], {"intro-1", "intro-2", "outro"}, ()),
        (["[io]*tro*"], {"intro-1", "intro-2", "outro"}, ()),
        (["*"], {"intro-1", "intro-2", "outro", "INTRO-3"}, ()),
        (["state:archived"], {"intro-2"}, ()),
        (["state:archived", "state:deleted"], {"intro-2", "outro"}, ()),
        (["outr", "outro"], {"outro"}, ("outr",)),
        (["x*", "state:lost", ""], set(), ("", "state:lost", "x*")),
        ([], set(), ()),
    ],
)
def test_selectors(selectors, ids, unused):
    assert select(MANIFEST, selectors) == (ids, unused)
