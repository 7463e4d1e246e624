"""Paths: no name from the API leaves the storage, is hidden, or collides on a case-insensitive file system."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.paths import (
    NAME_MAX,
    PathValues,
    UnusablePathError,
    aside_path,
    filenames,
    output_paths,
    safe_name,
    split_ext,
)
from mhsync.core.template import check_text

VALUES = PathValues("id1", "My song", "MUSIC_GENERATOR", datetime(2026, 1, 2, 3, tzinfo=UTC))


def sources(*paths):
    return [f"https://files.example/{path}" for path in paths]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain.wav", "plain.wav"),
        ("a/b\\c", "a_b_c"),
        ("..", "__"),
        (".hidden", "_hidden"),
        (".mhsync", "_mhsync"),
        ("", "_"),
        ("dot.", "dot_"),
        ("con", "_con"),
        ("COM1.wav", "_COM1.wav"),
        ("a\x00b\x1b[31m", "a_b_[31m"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("a\u2215b\uff0fc", "a_b_c"),
        ("C:\\x", "C__x"),
        ("Caf\u0065\u0301", "Café"),
    ],
)
def test_unsafe_characters_become_underscores(text, safe):
    assert safe_name(text) == safe


@given(st.text(max_size=400))
def test_any_text_becomes_one_usable_segment(text):
    name = safe_name(text)
    assert check_text(name) == ()
    assert "/" not in name
    assert len(name.encode()) <= NAME_MAX + 1


def test_a_long_name_keeps_its_extension():
    assert safe_name("x" * 300 + ".wav").endswith("x.wav")


@pytest.mark.parametrize(
    ("path", "aside"),
    [
        ("a/output.wav", "a/output.changed-1.wav"),
        ("output", "output.changed-1"),
        ("a.b/c", "a.b/c.changed-1"),
        ("x" * 251 + ".wav", "x" * 241 + ".changed-1.wav"),
        ("d/" * 250 + "\u00e9" * 120 + ".wav", "d/" * 250 + "\u00e9" * 120 + ".changed-1.wav"),
    ],
)
def test_a_changed_file_gets_a_new_name_in_the_same_folder(path, aside):
    assert aside_path(path, 1) == aside
    assert check_text(aside) == ()


@given(st.lists(st.text("aé\U0001f3b5.", min_size=1, max_size=255), min_size=1, max_size=3), st.integers(1, 99999))
def test_the_name_of_a_changed_file_fits_where_the_path_did(parts, number):
    path = "/".join(parts)
    if check_text(path) == ():
        assert check_text(aside_path(path, number)) == ()


def test_equal_base_names_get_different_names_also_without_case():
    assert filenames(sources("a/output.wav", "b/output.wav", "c/OUTPUT.wav")) == (
        "output.wav",
        "output-2.wav",
        "OUTPUT-3.wav",
    )


def test_a_made_up_name_does_not_collide_with_a_real_one():
    names = filenames(sources("a/output.wav", "b/output-2.wav", "c/output.wav"))
    assert len({name.casefold() for name in names}) == 3


@given(
    st.lists(st.sampled_from(["a", "A", "a-2", "a-3", "a-2-2", "a.wav", "a-2.wav", "A-2.WAV", "b"]), max_size=30)
)
def test_each_name_takes_the_lowest_number_that_is_free(lasts):
    taken: list[str] = []
    for last in lasts:
        stem, ext = split_ext(last)
        names = [last, *(f"{stem}-{number}{ext}" for number in range(2, 40))]
        taken.append(next(name for name in names if name.casefold() not in map(str.casefold, taken)))
    assert filenames(sources(*lasts)) == tuple(taken)


@pytest.mark.parametrize(
    "lasts",
    [
        ["output.wav"] * 10_000,
        [f"output-{n // 2}.wav" for n in range(10_000)],
        ["a-2" * (n % 30 + 1) for n in range(10_000)],
    ],
    ids=["equal", "numbered", "nested"],
)
def test_ten_thousand_outputs_are_named_in_linear_time(lasts):
    began = time.process_time()
    names = filenames(sources(*lasts))
    assert len({name.casefold() for name in output_paths("{id}/{filename}", PathValues("x"), names)}) == 10_000
    assert time.process_time() - began < 5


def test_one_output_cannot_be_the_folder_of_another_among_many():
    names = ("a", *(f"b{n}" for n in range(50)))
    with pytest.raises(UnusablePathError, match="folder of another"):
        output_paths("x/{filename}", PathValues("x"), (*names, "a/b"))


def test_an_encoded_slash_is_no_separator():
    assert filenames(sources("a/..%2f..%2fetc%2fpasswd")) == ("_._.._etc_passwd",)


def test_a_url_without_a_name_gives_one():
    assert filenames(sources("")) == ("output",)


@pytest.mark.parametrize(("name", "parts"), [("a.wav", ("a", ".wav")), ("a", ("a", "")), (".wav", (".wav", ""))])
def test_ext_has_its_dot(name, parts):
    assert split_ext(name) == parts


def test_every_field_of_a_template_is_filled():
    template = "{date}/{type}/{name}-{id}-{index}-{stem}{ext}/{filename}"
    assert output_paths(template, VALUES, ["output.wav"]) == (
        "2026-01-02/MUSIC_GENERATOR/My song-id1-1-output.wav/output.wav",
    )


def test_a_null_name_is_the_id():
    assert output_paths("{name}{ext}", PathValues("id1"), ["a.wav"]) == ("id1.wav",)


def test_the_date_is_the_day_in_utc():
    late = datetime(2026, 1, 1, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    assert output_paths("{date}/{filename}", PathValues("i", created_at=late), ["a.wav"]) == ("2026-01-02/a.wav",)


@pytest.mark.parametrize("template", ["{name}{ext}", "{id}"])
def test_one_path_for_two_outputs_is_unusable_and_says_what_to_add(template):
    with pytest.raises(UnusablePathError, match="the same for 2 outputs") as raised:
        output_paths(template, VALUES, ["output.wav", "output-2.wav"])
    assert raised.value.hint == "add {filename} or {index} to the path"


def test_a_path_longer_than_storages_take_is_unusable():
    with pytest.raises(UnusablePathError, match="longer"):
        output_paths("{name}{name}{name}{ext}", PathValues("id1", "x" * 200), ["a.wav"])
