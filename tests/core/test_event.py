"""An event is a CloudEvents 1.0 value that is valid by its schema. An event that is sent again has the same id."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mhsync.core.event import RUN_FINISHED, RUN_STARTED, Event, event_id
from mhsync.core.run_report import Outcome, ProjectResult, Report

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
SCHEMA = Draft202012Validator(json.loads((files("mhsync.schemas") / "event.schema.json").read_text()))


def event(name: str, subject: str | None = None, data: dict[str, Any] | None = None) -> Event:
    return Event("id", name, "https://api.example.com", NOW, subject, data or {})


def of_project(outcome: Outcome) -> Event:
    return event(f"project.{outcome}", "one", ProjectResult("one", outcome).to_json())


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_outcome_of_a_project_fits_the_schema(outcome: Outcome) -> None:
    event = of_project(outcome)
    SCHEMA.validate(event.to_json())
    assert event.outcome == outcome
    assert event.type == f"mhsync.project.{outcome}"


def test_the_events_of_a_run_fit_the_schema() -> None:
    SCHEMA.validate(event(RUN_STARTED).to_json())
    finished = event(RUN_FINISHED, data=Report((ProjectResult("one", Outcome.FAILED),)).to_json())
    SCHEMA.validate(finished.to_json())
    assert finished.outcome is None


def test_an_event_has_the_attributes_that_cloudevents_requires() -> None:
    assert of_project(Outcome.MOVED).to_json() == {
        "specversion": "1.0",
        "id": "id",
        "type": "mhsync.project.moved",
        "source": "https://api.example.com",
        "time": "2026-11-01T12:00:00Z",
        "subject": "one",
        "datacontenttype": "application/json",
        "data": {
            "id": "one", "desired": None, "outcome": "moved", "reason_code": "", "actions": [], "error": None,
            "outputs": [],
            "project": {
                "name": None, "type": None, "created_at": None, "size": None, "label": None, "note": None, "tags": [],
            },
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": "0.3"},
        {"type": "mhsync.project.eaten"},
        {"type": "mhsync.run.started"},
        {"subject": "../one"},
        {"data": {}},
        {"time": "yesterday"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_schema_refuses_an_invalid_event(changes: dict[str, Any]) -> None:
    assert not SCHEMA.is_valid(of_project(Outcome.FAILED).to_json() | changes)


def test_a_project_s_event_has_a_subject() -> None:
    without = of_project(Outcome.FAILED).to_json()
    del without["subject"]
    assert not SCHEMA.is_valid(without)


def test_an_id_is_made_of_what_the_event_is_about() -> None:
    assert event_id("one", "deleted") == event_id("one", "deleted")
    assert event_id("one", "deleted") != event_id("onede", "leted")
    assert event_id("one", "deleted") != event_id("one", "moved")
