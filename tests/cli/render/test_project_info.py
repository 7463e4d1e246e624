"""What people know a project by is one short line, whatever the texts from outside contain."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from mhsync.cli.render.project_info import info_lines, info_text, note_text
from mhsync.cli.render.terminal import escape, width_of
from mhsync.core.manifest import Labels
from mhsync.core.project_info import NO_INFO, ProjectInfo

MORNING = datetime(2026, 1, 15, 23, 59, tzinfo=UTC)


def test_what_is_known_is_shown_in_one_order():
    labels = Labels("Intro", "see issue 42", ("podcast",))
    info = ProjectInfo("Three takes", "MUSIC_GENERATOR", MORNING, 9000, labels)
    assert info_lines(info) == (
        '"Three takes", "Intro" in the manifest, MUSIC_GENERATOR, 2026-01-15, 8.8 KiB',
        "note: see issue 42",
    )
    assert info_text(info, has_size=False).endswith("2026-01-15")
    assert info_text(ProjectInfo("Intro", labels=labels)) == '"Intro"'
    assert info_lines(NO_INFO) == ()


def test_a_name_cannot_pass_for_the_date_or_the_size():
    assert info_text(ProjectInfo('x", MUSIC, 1970-01-01, 1 B')) == '"x\\", MUSIC, 1970-01-01, 1 B"'


def test_a_signed_link_loses_its_query():
    labels = Labels("https://a.example/x?sig=secret", "https://a.example/x?sig=secret")
    assert "secret" not in "".join(info_lines(ProjectInfo(labels=labels)))
    assert "secret" not in str(ProjectInfo(labels=labels).to_json())


@given(st.text(max_size=300), st.text(max_size=300))
def test_hostile_texts_are_escaped_and_short(name, note):
    info = ProjectInfo(name, name, labels=Labels(f"{name}x", note))
    for line in info_lines(info):
        assert line == escape(line)
        assert width_of(line) <= 400
    assert width_of(note_text(info)) <= 170
