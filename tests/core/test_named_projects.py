"""The forms in which a text names projects."""

from __future__ import annotations

import pytest

from mhsync.core.named_projects import projects_in_log, projects_in_text


@pytest.mark.parametrize(
    ("text", "projects"),
    [
        ("a b\nc # no\n", [{"id": "a"}, {"id": "b"}, {"id": "c"}]),
        ("id,name\na,Intro\nb,\n", [{"id": "a", "name": "Intro"}, {"id": "b"}]),
        ('name;"id"\n"x; y";a\n', [{"name": "x; y", "id": "a"}]),
        ("id\ttype\na\tMUSIC_GENERATOR\n", [{"id": "a", "type": "MUSIC_GENERATOR"}]),
        ('{"id": "a", "name": "Intro"}\n{"id": "b"}\n', [{"id": "a", "name": "Intro"}, {"id": "b"}]),
        ('{"data": [{"id": "a", "creditsCharged": 2}]}', [{"id": "a", "creditsCharged": 2}]),
        ("id\na\n", [{"id": "id"}, {"id": "a"}]),
        ("", []),
    ],
    ids=["words", "csv", "semicolons", "tabs", "JSON Lines", "SDK", "one column is words", "nothing"],
)
def test_the_forms(text, projects):
    assert projects_in_text(text) == projects


@pytest.mark.parametrize("text", ["{broken", "[" * 100_000])
def test_broken_json_is_an_error(text):
    with pytest.raises(ValueError, match="JSON"):
        projects_in_text(text)


LOG = "12:00 POST /v1/audio -> project=clx1 ok\n12:01 project=clx2 project=clx1\nnothing\n"


@pytest.mark.parametrize("pattern", [r"project=(\w+)", r"(?<=project=)\w+", r"(project)=(?P<id>\w+)"])
def test_a_pattern_finds_each_id_of_a_log_once(pattern):
    assert projects_in_log(LOG, pattern) == [{"id": "clx1"}, {"id": "clx2"}]


def test_a_wrong_pattern_is_an_error():
    with pytest.raises(ValueError, match="regular expression"):
        projects_in_log(LOG, "(")
