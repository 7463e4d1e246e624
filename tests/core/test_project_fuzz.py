"""Fuzz: any response gives a Project or a DetailsInvalid; the JSON of a Project reads back unchanged."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.project import DetailsInvalid, Project, Status
from mhsync.core.redaction import without_query

FIELDS = ("id", "name", "status", "type", "created_at", "createdAt", "enabled", "credits_charged", "creditsCharged",
          "downloads", "error", "total_frame_cost", "url", "expires_at", "code", "message")  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(["complete", "draft", "abc", "", "2026-01-01T00:00:00", "2026-01-01T00:00:00.123Z", "0001-01-01",
                     "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "https://u:p@h/a.wav?sig=1#x",
                     "http://[x", "https://h:99999/a", "//", "\x1b[31m", "\ud800"]),
    st.text(max_size=10),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans(), st.none(), st.floats()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | TEXTS, inner, max_size=5)
    ),
    max_leaves=12,
)
DOWNLOADS = st.lists(
    st.fixed_dictionaries({"url": TEXTS}, optional={"expires_at": TEXTS, "expiresAt": VALUES}), max_size=3
)
DETAILS = st.fixed_dictionaries(
    {"id": TEXTS, "status": TEXTS},
    optional={
        "name": st.one_of(st.none(), TEXTS, VALUES),
        "type": TEXTS,
        "created_at": TEXTS,
        "enabled": st.booleans(),
        "credits_charged": st.integers(),
        "downloads": DOWNLOADS | VALUES,
        "error": st.one_of(st.none(), st.fixed_dictionaries({"code": TEXTS, "message": TEXTS}), VALUES),
        "someNewField": VALUES,
    },
)


def attempt(data: object, expected_id: str | None = None) -> Project | None:
    try:
        return Project.from_json(data, expected_id=expected_id)
    except DetailsInvalid as error:
        assert str(error).isprintable()
        assert len(str(error)) < 300
        return None


@given(VALUES)
def test_fuzz_any_value_is_details_or_refused(data: object) -> None:
    attempt(data)
    attempt(data, "abc")


@given(DETAILS)
def test_fuzz_details_that_are_read_keep_what_they_promise(data: dict[str, object]) -> None:
    project = attempt(data)
    if project is None:
        return
    assert isinstance(project.id, str)
    assert project.status in Status
    assert project.created_at is None or project.created_at.tzinfo is not None
    for download in project.downloads:
        assert "?" not in download.source.partition("#")[0]
        assert download.source == without_query(download.source)


@given(DETAILS)
def test_fuzz_what_a_project_writes_reads_back_as_the_same(data: dict[str, object]) -> None:
    project = attempt(data)
    if project is None:
        return
    again = Project.from_json(json.loads(json.dumps(project.to_json(show_urls=True))))
    assert json.dumps(again.to_json(show_urls=True)) == json.dumps(project.to_json(show_urls=True))


@given(DETAILS, st.text(min_size=1, max_size=5))
def test_fuzz_another_projects_details_are_refused(data: dict[str, object], wanted: str) -> None:
    project = attempt(data, wanted)
    assert project is None or project.id == wanted
