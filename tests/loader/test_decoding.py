"""Manifests are UTF-8 without control characters; other bytes are reported at their position."""

from __future__ import annotations

import codecs
from dataclasses import replace

import pytest

from mhsync.loader.decoding import decode
from mhsync.loader.problems import Problems
from mhsync.settings import ManifestSettings

SETTINGS = ManifestSettings()


def decoded(data: bytes, settings: ManifestSettings = SETTINGS) -> tuple[str | None, list[tuple[str, str, str]]]:
    """The text, and the position, code and message of each problem."""
    problems = Problems("m.yaml", 10)
    text = decode(data, problems, settings)
    return text, [(str(found.position), found.code, found.message) for found in problems.reported()]


@pytest.mark.parametrize("data", [b"", b"a: 1\r\n\tb\n", "ä: 音".encode(), codecs.BOM_UTF8 + b"a: 1"])
def test_utf8_is_decoded_without_its_byte_order_mark(data: bytes):
    assert decoded(data) == (data.decode("utf-8-sig"), [])


@pytest.mark.parametrize(
    ("data", "position", "message"),
    [
        (b"a: 1\nb: \xe4\n", "m.yaml:2:4", "the file is not UTF-8: byte 0xE4"),
        (b"\xef\xbb\xbfa\xff", "m.yaml:1:2", "the file is not UTF-8: byte 0xFF"),
        ("a: 1".encode("utf-16"), "m.yaml:1:1", "the file is UTF-16 or UTF-32, not UTF-8"),
        ("a: 1".encode("utf-32"), "m.yaml:1:1", "the file is UTF-16 or UTF-32, not UTF-8"),
    ],
)
def test_other_encodings_are_reported_at_the_first_invalid_byte(data: bytes, position: str, message: str):
    assert decoded(data) == (None, [(position, "encoding", message)])


@pytest.mark.parametrize("char", ["\0", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\uffff"])
def test_a_control_character_is_reported_at_its_position(char: str):
    text, problems = decoded(f"a: 1\r\n\rbc{char}".encode())
    assert text is None
    message = f"the file has a control character, U+{ord(char):04X}"
    assert problems == [("m.yaml:3:3", "control", message)]


def test_a_file_above_the_limit_is_not_decoded():
    text, problems = decoded(b"\xff" * 9, replace(SETTINGS, size=8))
    assert (text, [code for _, code, _ in problems]) == (None, ["size"])
    assert decoded(b"a" * 8, replace(SETTINGS, size=8)) == ("a" * 8, [])
