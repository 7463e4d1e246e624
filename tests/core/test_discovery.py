"""Which sighted projects a rule chooses, and what their entries are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mhsync.core.discovery import discovered_entry, is_discovered, unlisted_warning
from mhsync.core.manifest import Discover, ManifestFile, State
from mhsync.core.retention import parse_retention
from mhsync.core.sighting import Sighting

AT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
ANY = Discover(State.DOWNLOADED)


def sighting(event: str = "audio.completed", **payload: object) -> Sighting:
    return Sighting.of_event(event, {"id": "clx1", **payload}, AT)


@pytest.mark.parametrize(
    ("rule", "found", "expected"),
    [
        (ANY, sighting(), True),
        (ANY, sighting("audio.started", status="rendering"), True),
        (ANY, sighting(status="new"), True),
        (ANY, sighting("audio.errored"), False),
        (ANY, sighting("audio.started", status="canceled"), False),
        (Discover(State.DOWNLOADED, types=("A", "B")), sighting(type="B"), True),
        (Discover(State.DOWNLOADED, types=("A", "B")), sighting(type="C"), False),
        (Discover(State.DOWNLOADED, types=("A",)), sighting(), False),
        (Discover(State.DOWNLOADED, since=AT), sighting(), True),
        (Discover(State.DOWNLOADED, since=AT.replace(second=1)), sighting(), False),
    ],
)
def test_a_rule_chooses(rule, found, expected):
    assert is_discovered(rule, found) is expected


def test_an_entry_has_the_values_of_the_rule_and_the_retention_of_the_file():
    month = parse_retention("30d")
    rule = Discover(State.DOWNLOADED, "x/{filename}")
    file = ManifestFile("m.yaml", "/", "0" * 64, retain=month, discover=rule)
    entry = discovered_entry(file, rule, "clx1")
    assert (entry.id, entry.state, entry.path, entry.retain, entry.is_discovered) == (
        "clx1", State.DOWNLOADED, "x/{filename}", month, True,
    )  # fmt: skip
    assert discovered_entry(file, Discover(State.ARCHIVED), "clx1").retain is None


def test_the_warning_has_the_number_and_says_that_there_is_no_list():
    assert unlisted_warning(1).message == "1 project was sighted that no manifest lists"
    assert unlisted_warning(1200).message == "1,200 projects were sighted that no manifest lists"
    assert "cannot list the projects" in (unlisted_warning(1).hint or "")
