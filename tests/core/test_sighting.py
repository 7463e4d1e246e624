"""Sightings: events of a project in any order, any number of times, give one record without links."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mhsync.core.sighting import TEXT_MAX, WORD_MAX, Sighting
from mhsync.errors import SightingInvalid

SCHEMA = Draft202012Validator(json.loads((files("mhsync.schemas") / "sighting.schema.json").read_text()))
START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def event(kind: str, seconds: float, /, **payload: object) -> Sighting:
    status = {"audio.started": "rendering", "audio.completed": "complete", "audio.errored": "error"}.get(kind)
    return Sighting.of_event(kind, {"id": "clx1", "name": "Intro", "status": status, **payload}, at(seconds))


def imported(seconds: float, **details: object) -> Sighting:
    return Sighting.of_import({"id": "clx1", **details}, at(seconds))


STARTED, COMPLETED, ERRORED = event("audio.started", 0), event("audio.completed", 20), event("audio.errored", 25)
STARTED_AGAIN = event("audio.started", 3600)
"""The same event, delivered again with a new time stamp."""

sightings = st.builds(
    event,
    st.sampled_from(["audio.started", "audio.completed", "audio.errored", "audio.canceled"]),
    st.integers(0, 100_000_000).map(lambda milliseconds: milliseconds / 1000),
    name=st.text(min_size=1, max_size=5),
    type=st.text(min_size=1, max_size=5),
    status=st.sampled_from(["rendering", "complete", "error", "canceled", "new"]),
)


class TestMerging:
    @pytest.mark.parametrize("order", list(itertools.permutations([STARTED, COMPLETED, STARTED_AGAIN, COMPLETED])))
    def test_an_event_that_ended_the_render_is_not_replaced_by_an_older_one(self, order):
        merged = reduce(Sighting.merged, order)
        assert (merged.event, merged.event_at, merged.status) == ("audio.completed", at(20), "complete")
        assert (merged.first_seen, merged.last_seen) == (at(0), at(3600))

    def test_the_later_of_two_events_of_a_kind_is_the_last_event(self):
        assert COMPLETED.merged(ERRORED) == ERRORED.merged(COMPLETED)
        assert COMPLETED.merged(ERRORED).event == "audio.errored"
        assert STARTED.merged(STARTED_AGAIN).event_at == at(3600)
        half = event("audio.started", 0.5)
        assert half.merged(STARTED).event_at == STARTED.merged(half).event_at == at(0.5)

    def test_an_event_replaces_an_import_and_keeps_its_time(self):
        merged = imported(-100, name="Typed in").merged(STARTED)
        assert merged == STARTED.merged(imported(-100, name="Typed in"))
        assert (merged.event, merged.name, merged.first_seen) == ("audio.started", "Intro", at(-100))
        later = STARTED.merged(imported(500, status="complete"))
        assert (later.status, later.event) == ("complete", None)

    def test_fields_that_an_event_leaves_out_are_kept(self):
        bare = Sighting.of_event("audio.completed", {"id": "clx1"}, at(30))
        merged = event("audio.started", 0, type="VOICE_GENERATOR").merged(bare)
        assert (merged.name, merged.type, merged.status) == ("Intro", "VOICE_GENERATOR", "rendering")
        assert merged.event == "audio.completed"

    @given(st.lists(sightings, min_size=1, max_size=5), st.randoms(use_true_random=False))
    def test_any_order_and_any_repeats_give_the_same(self, found, random):
        again = [*found, *random.choices(found, k=3)]
        random.shuffle(again)
        assert reduce(Sighting.merged, again) == reduce(Sighting.merged, found)

    def test_two_projects_are_not_merged(self):
        with pytest.raises(ValueError, match="two projects"):
            STARTED.merged(replace(STARTED, id="clx2"))


class TestWhatIsTaken:
    @pytest.mark.parametrize("id", [None, "", 5, "../up", "a/b", "a" * 129, "ümlaut", "a\n"])
    def test_an_invalid_id_is_refused(self, id):
        with pytest.raises(ValueError, match="no valid id"):
            Sighting.of_event("audio.started", {"id": id}, START)

    def test_no_link_and_no_unknown_field_is_taken(self):
        found = Sighting.of_event(
            "audio.completed",
            {
                "id": "clx1",
                "name": "see https://files.example.com/a.wav?X-Signature=abc now",
                "downloads": [{"url": "https://files.example.com/a.wav?X-Signature=abc"}],
                "error": {"code": "x", "message": "y"},
            },
            START,
        )
        text = json.dumps(found.to_json())
        assert "Signature" not in text
        assert "downloads" not in text
        assert found.name == "see https://files.example.com/a.wav now"

    def test_values_of_a_wrong_type_are_ignored_and_long_ones_are_cut(self):
        found = Sighting.of_event("audio." + "x" * 500, {"id": "clx1", "name": ["x"], "type": "t" * 500}, START)
        assert (found.name, found.status, len(found.type or ""), len(found.event or "")) == (
            None, None, WORD_MAX, WORD_MAX,
        )  # fmt: skip
        assert len(event("audio.started", 0, name="n" * 5000).name or "") == TEXT_MAX


class TestJson:
    @given(sightings)
    def test_a_sighting_is_read_back_as_it_was_written(self, sighting):
        data = json.loads(json.dumps(sighting.to_json()))
        SCHEMA.validate(data)
        assert Sighting.from_json(data, expected_id="clx1") == sighting

    def test_a_time_is_one_that_is_read_back(self):
        moment = START.replace(microsecond=123_456)
        for one in (
            Sighting.of_event("audio.started", {"id": "clx1"}, moment),
            Sighting.of_import({"id": "clx1"}, moment),
        ):
            SCHEMA.validate(one.to_json())
            assert Sighting.from_json(one.to_json(), expected_id="clx1") == one

    def test_unknown_keys_are_kept(self):
        data = {**STARTED.to_json(), "later": {"a": 1}}
        found = Sighting.from_json(data, expected_id="clx1")
        assert found.to_json() == data
        assert COMPLETED.merged(found).to_json()["later"] == {"a": 1}

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"version": 0}, "version"),
            ({"version": True}, "version"),
            ({"id": "clx2"}, "another project"),
            ({"first_seen": None}, "first_seen"),
            ({"first_seen": "yesterday"}, "first_seen"),
            ({"event_at": 5}, "event_at"),
            ({"name": ["x"]}, "name"),
        ],
    )
    def test_an_invalid_sighting_is_refused(self, change, message):
        with pytest.raises(SightingInvalid, match=message) as caught:
            Sighting.from_json({**STARTED.to_json(), **change}, expected_id="clx1")
        assert not caught.value.is_newer
        assert caught.value.hint

    @pytest.mark.parametrize("data", [None, [], "text", 5])
    def test_only_an_object_is_a_sighting(self, data):
        with pytest.raises(SightingInvalid):
            Sighting.from_json(data, expected_id="clx1")

    def test_a_newer_version_is_recognised(self):
        with pytest.raises(SightingInvalid, match="version 2") as caught:
            Sighting.from_json({**STARTED.to_json(), "version": 2}, expected_id="clx1")
        assert caught.value.is_newer
