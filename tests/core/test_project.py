"""Details: snake_case and camelCase are read, snake_case is written, and an error names the invalid field."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mhsync.core.observed import Gone, Live, Unreadable, details_of
from mhsync.core.project import (
    DetailsInvalid,
    Project,
    Status,
    format_time,
    is_valid_id,
    parse_time,
)

WIRE = {
    "id": "one",
    "name": "A name",
    "status": "complete",
    "type": "VOICE_GENERATOR",
    "created_at": "1970-01-01T00:00:00",
    "enabled": True,
    "credits_charged": 2,
    "downloads": [{"url": "https://h/one/output.wav?sig=SECRET", "expires_at": "2024-10-19T05:16:19.027Z"}],
    "error": None,
}
CAMEL = {
    **{key: value for key, value in WIRE.items() if "_" not in key},
    "createdAt": WIRE["created_at"],
    "creditsCharged": 2,
    "downloads": [{"url": "https://h/one/output.wav?sig=SECRET", "expiresAt": "2024-10-19T05:16:19.027Z"}],
}


def test_snake_and_camel_case_are_the_same_project():
    assert Project.from_json(CAMEL) == Project.from_json(WIRE)


def test_what_is_written_is_the_wire_form_without_queries():
    written = Project.from_json(CAMEL).to_json()
    assert written == WIRE | {
        "created_at": "1970-01-01T00:00:00Z",
        "downloads": [{"url": "https://h/one/output.wav", "expires_at": "2024-10-19T05:16:19.027Z"}],
    }


def test_urls_are_shown_whole_only_when_asked_for():
    project = Project.from_json(WIRE)
    assert project.to_json(show_urls=True)["downloads"][0]["url"].endswith("?sig=SECRET")
    assert "SECRET" not in repr(project)


def test_unknown_fields_and_types_are_kept():
    project = Project.from_json(WIRE | {"type": "AI_THING", "novelty": {"a": 1}})
    assert (project.type, project.to_json()["novelty"]) == ("AI_THING", {"a": 1})


def test_missing_optional_fields_are_tolerated():
    project = Project.from_json({"id": "one", "status": "queued"})
    assert (project.name, project.downloads, project.enabled) == (None, (), True)


def test_an_unknown_status_is_unknown_and_keeps_its_text():
    project = Project.from_json(WIRE | {"status": "paused"})
    assert (project.status, project.status_text) == (Status.UNKNOWN, "paused")
    assert isinstance(details_of(project), Unreadable)


def test_the_status_unknown_of_the_api_is_unknown():
    assert isinstance(details_of(Project.from_json(WIRE | {"status": "unknown"})), Unreadable)


def test_disabled_is_gone_whatever_the_status():
    assert details_of(Project.from_json(WIRE | {"enabled": False, "status": "paused"})) == Gone(not_found=False)
    assert isinstance(details_of(Project.from_json(WIRE)), Live)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "no id"),
        ({"status": None}, "no status"),
        ({"status": 3}, "status is a number"),
        ({"id": "two"}, "another project"),
        ({"enabled": "yes"}, "enabled is a text"),
        ({"enabled": 1}, "enabled is a number"),
        ({"credits_charged": True}, "credits_charged is true or false"),
        ({"downloads": {}}, "downloads is an object"),
        ({"downloads": ["x"]}, "downloads contains a text"),
        ({"downloads": [{}]}, "no url"),
        ({"downloads": [{"url": "https://[bad"}]}, "url cannot be read"),
        ({"created_at": "yesterday"}, "not a time"),
        ({"error": "bad"}, "error is a text"),
    ],
    ids=str,
)
def test_an_invalid_value_names_its_field(change, field):
    with pytest.raises(DetailsInvalid, match=field):
        Project.from_json(WIRE | change, expected_id="one")


@pytest.mark.parametrize("body", [None, [], "x", 3])
def test_a_body_that_is_not_an_object_is_refused(body):
    with pytest.raises(DetailsInvalid):
        Project.from_json(body)


def test_times_without_a_zone_are_utc():
    assert parse_time("1970-01-01T00:00:00") == datetime(1970, 1, 1, tzinfo=UTC)
    assert format_time(parse_time("2024-10-19T07:16:19.027+02:00")) == "2024-10-19T05:16:19.027Z"


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("a", True),
        ("A-z_9", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("", False),
        ("../x", False),
        ("é", False),
    ],
)
def test_ids(text, valid):
    assert is_valid_id(text) is valid


@pytest.mark.parametrize("microsecond", [0, 1, 999, 1000, 120_000, 999_999])
def test_a_time_that_was_written_and_read_is_written_in_the_same_way(microsecond):
    text = format_time(datetime(2026, 11, 1, 12, 0, 0, microsecond, tzinfo=UTC))
    assert format_time(parse_time(text)) == text
