"""The path template: what it refuses, and how it is filled."""

from __future__ import annotations

import itertools
import re
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core import template as template_module
from mhsync.core.paths import safe_name
from mhsync.core.template import (
    FIELDS,
    check_template,
    check_text,
    fields_of,
    fill,
    is_plain_name,
    path_key,
)

GOOD = [
    "{id}/{filename}",
    "intro/{name}{ext}",
    "{type}/{date}/{id}-{index}{ext}",
    "intro.wav",
    "a b/Straße/音声 {index}.mp3",
    "{stem}-{index}{ext}",
    "...hidden/{filename}",
    ".config/{filename}",
    "mhsync/{filename}",
    "console/{filename}",
    "com{index}x.wav",
    "ab:c/{filename}",
]


@pytest.mark.parametrize("template", GOOD)
def test_a_usable_template_has_no_problems(template: str) -> None:
    assert check_template(template) == ()


BAD = [
    ("", "path_empty"),
    ("{id}/{filname}", "path_field"),
    ("{}", "path_field"),
    ("{0}", "path_field"),
    ("{ id }", "path_format"),
    ("{id:>10}", "path_format"),
    ("{name!r}", "path_format"),
    ("{id.real}", "path_format"),
    ("{id[0]}", "path_format"),
    ("{id", "path_brace"),
    ("id}", "path_brace"),
    ("{{id}}", "path_brace"),
    ("{id}.{ext}", "path_ext"),
    ("{id}/{ext}", "path_ext"),
    ("/srv/{filename}", "path_absolute"),
    ("a\\{filename}", "path_backslash"),
    ("a\0{filename}", "path_control"),
    ("a\x1b[2J/{filename}", "path_control"),
    ("a\u202egpj.wav", "path_control"),
    ("a\u2028b", "path_control"),
    ("a\ud800b", "path_control"),
    ("a\u2215b", "path_slash"),
    ("a\uff0fb", "path_slash"),
    ("a\u2044b", "path_slash"),
    ("a\uff3cb", "path_slash"),
    ("..", "path_climbs"),
    ("../{filename}", "path_climbs"),
    ("{id}/../../x", "path_climbs"),
    ("./{filename}", "path_climbs"),
    ("\u2025/{filename}", "path_climbs"),
    ("\uff0e\uff0e/{filename}", "path_climbs"),
    (".. /{filename}", "path_climbs"),
    (".{ext}/x", "path_ext"),
    (".mhsync/{filename}", "path_private"),
    (".MHSync/receipts/{id}.json", "path_private"),
    ("\uff0emhsync/x", "path_private"),
    (".mh\u017fync/x", "path_private"),
    (".mh\u200bsync/x", "path_private"),
    (".mhsyn\u0441/x", "path_private"),
    (".mhsync./x", "path_private"),
    (".mhsync /x", "path_private"),
    ("deep/.mhsync/x", "path_private"),
    (".mhsync", "path_private"),
    (".mhsync{ext}/x", "path_private"),
    ("{id}/", "path_folder"),
    ("{id}//{filename}", "path_empty_segment"),
    ("a./{filename}", "path_trailing"),
    ("a /{filename}", "path_trailing"),
    ("{id} ", "path_trailing"),
    ("CON/{filename}", "path_device"),
    ("nul.txt", "path_device"),
    ("con{ext}", "path_device"),
    ("LPT\u00b9.wav", "path_device"),
    ("\uff43\uff4f\uff4e/x", "path_device"),
    ("aux .wav", "path_device"),
    ("C:/{filename}", "path_device"),
    ("c:{filename}", "path_device"),
    ("a" * 256, "path_long_segment"),
    ("é" * 128 + "/{filename}", "path_long_segment"),
    ("/".join(["a" * 200] * 6), "path_long"),
]


@pytest.mark.parametrize(("template", "code"), BAD)
def test_a_path_that_could_leave_the_storage_or_is_not_portable_is_refused(template: str, code: str) -> None:
    problems = check_template(template)
    assert code in {problem.code for problem in problems}
    assert all(problem.message.isprintable() and problem.hint.isprintable() for problem in problems)


@pytest.mark.parametrize(
    ("template", "hint"),
    [
        ("{filname}", "{filename}"),
        ("{Name}", "{name}"),
        ("{extension}", "{ext}"),
        ("{created_at}", "{date}"),
        ("{id:>3}", "{id}"),
    ],
)
def test_the_hint_for_an_unknown_field_names_the_nearest_one(template: str, hint: str) -> None:
    (problem,) = check_template(template)
    assert hint in problem.hint


def test_one_cause_is_reported_once() -> None:
    assert [problem.code for problem in check_template("a./a./{ide}/{ide}")] == ["path_field", "path_trailing"]


def test_a_path_that_is_far_too_long_has_no_other_problem() -> None:
    assert [problem.code for problem in check_template("{x}/../" * 200)] == ["path_long"]


def test_a_filled_path_follows_the_same_rules_and_may_contain_braces() -> None:
    assert check_text("clx/{odd}.wav") == ()
    assert [problem.code for problem in check_text("clx/../x")] == ["path_climbs"]


def test_fields_of_names_the_known_fields() -> None:
    assert fields_of("{id}/{filename}-{id}{ex}") == {"id", "filename"}
    assert fields_of("intro.wav") == frozenset()


def test_fill_inserts_each_value_once_and_does_not_expand_it() -> None:
    values = {"id": "{name}", "name": "n", "ext": ".wav"}
    assert fill("{id}/{name}{ext}", values) == "{name}/n.wav"


def test_fill_needs_every_field() -> None:
    with pytest.raises(KeyError):
        fill("{id}/{name}", {"id": "x"})


@pytest.mark.parametrize(
    ("one", "other"),
    [("A/b.WAV", "a/B.wav"), ("caf\u00e9", "cafe\u0301"), ("STRASSE", "straße"), ("É", "e\u0301")],
)
def test_paths_that_differ_only_in_case_or_accents_have_one_key(one: str, other: str) -> None:
    assert path_key(one) == path_key(other)


def test_other_paths_have_other_keys() -> None:
    assert path_key("a/b") != path_key("a/c")


SAFE = st.text("abcXYZ019_- é", min_size=1, max_size=12).filter(lambda text: text.strip(" ") == text)


@given(
    st.lists(st.one_of(st.sampled_from([f"{{{name}}}" for name in FIELDS]), st.text(max_size=6)), max_size=6),
    st.fixed_dictionaries({name: SAFE for name in FIELDS if name != "ext"}),
)
def test_an_accepted_template_filled_with_safe_values_stays_inside(
    pieces: list[str], values: dict[str, str]
) -> None:
    template = "".join(pieces)
    if check_template(template):
        return
    path = fill(template, {**values, "ext": ".wav"})
    assert not path.startswith("/")
    assert not {"", ".", ".."} & set(path.split("/"))
    assert not any(char in path for char in "\\\0")


PIECES = [
    *(f"{{{name}}}" for name in FIELDS), "{ID}", "{Ext}", "{x}", "{", "}", "con", "AUX", "au", "a", "u", "x", "com1", "lpt", "9",
    "nul", "conin", "clock", "$", ".", "..", ".mhsync", "/", "-", "_", " ", "a" * 200, "\n", "\u0131", "\u212a",
]  # fmt: skip


def check_same(template: str) -> None:
    """The quick pattern accepts nothing that the checks of the parts refuse."""
    quick = check_template(template)
    with mock.patch.object(template_module, "_PLAIN", re.compile("(?!)")):
        assert check_template(template) == quick, template


@pytest.mark.parametrize("number", range(1, 4))
def test_a_few_pieces_are_judged_alike_with_and_without_the_quick_pattern(number: int) -> None:
    for pieces in itertools.product(PIECES, repeat=number):
        template = "".join(pieces)
        if template_module._PLAIN.fullmatch(template) or number < 2:
            check_same(template)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=2)), max_size=9))
def test_fuzz_a_template_is_judged_alike_with_and_without_the_quick_pattern(pieces: list[str]) -> None:
    check_same("".join(pieces))


def test_the_usual_templates_take_the_quick_way() -> None:
    for template in ("{id}/{filename}", "music/{date}/{name}-{index}{ext}", "intro.wav", "a-b_c/{stem}.v2{ext}"):
        assert template_module._PLAIN.fullmatch(template)


@given(st.from_regex(r"[A-Za-z0-9_. -]{1,8}", fullmatch=True) | st.sampled_from(["con", "NUL.txt", "com1", ".."]))
def test_a_plain_name_has_no_problem_and_is_a_safe_name(segment: str) -> None:
    if is_plain_name(segment):
        # The letter makes the whole text take the slower way through all rules.
        assert check_text(f"\u00e9/{segment}") == ()
        assert safe_name(f"\u00e9{segment}") == f"\u00e9{segment}"
        assert check_text(segment) == ()
        assert safe_name(segment) == segment


def test_common_names_are_plain_names() -> None:
    for name in ("output.wav", "clx7uu86w0a5qp55yxz315r6r", "Voice of 2026-01-01", "a", "my_song-2.mp3"):
        assert is_plain_name(name), name
