"""Selectors choose ids, patterns of ids and states; one that chooses nothing is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mhsync.core.manifest import Entry, Labels, State
from mhsync.core.selection import group_selectors, select
from tests.core.builders import entry, manifest


def tagged(id_: str, *tags: str) -> Entry:
    return replace(entry(id_), labels=Labels(tags=tags))


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
        (["x*", "state:lost", "state:los", ""], set(), ("", "state:los", "state:lost", "x*")),
        ([], set(), ()),
    ],
)
def test_selectors(selectors, ids, unused):
    assert select(MANIFEST, selectors) == (ids, unused)


TAGGED = manifest(tagged("a", "podcast", "old [1]"), tagged("b", "pod"), tagged("c"), entry("d", State.ARCHIVED))


@pytest.mark.parametrize(
    ("selectors", "ids", "unused"),
    [
        (["tag:podcast"], {"a"}, ()),
        (["tag:pod", "d"], {"b", "d"}, ()),
        (["tag:pod*"], {"a", "b"}, ()),
        (["tag:old [1]"], {"a"}, ()),
        (["tag:", "tag:Podcast", "tag:*x"], set(), ("tag:", "tag:*x", "tag:Podcast")),
        (["tag:*"], {"a", "b"}, ()),
    ],
)
def test_tags_select_by_name_or_pattern(selectors, ids, unused):
    assert select(TAGGED, selectors) == (ids, unused)


def test_the_selectors_of_a_manifest_are_its_states_and_tags():
    found = group_selectors(TAGGED)
    assert found[-3:] == ("tag:old [1]", "tag:pod", "tag:podcast")
    assert "state:archived" in found
