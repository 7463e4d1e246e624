"""The JSON of `seen`."""

from __future__ import annotations

from datetime import UTC, datetime

from mhsync.core.seen import Seen, SeenProject
from mhsync.core.sighting import Sighting

AT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def test_the_json_has_the_documented_keys():
    one = Sighting.of_event("audio.completed", {"id": "a", "name": "x", "type": "T", "status": "complete"}, AT)
    found = Seen((SeenProject("a", one), SeenProject("b", None)))
    assert found.ids == ("a", "b")
    time = "2026-11-01T12:00:00Z"
    assert found.to_json() == {
        "format": "mhsync.seen/1",
        "projects": [
            {
                "id": "a",
                "first_seen": time,
                "last_seen": time,
                "event": "audio.completed",
                "name": "x",
                "type": "T",
                "status": "complete",
            },
            {
                "id": "b",
                "first_seen": None,
                "last_seen": None,
                "event": None,
                "name": None,
                "type": None,
                "status": None,
            },
        ],
    }
