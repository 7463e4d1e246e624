"""A file's own word on its length."""

from __future__ import annotations

import struct

import pytest

from mhsync.api.containers import announced_size, is_message


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (b"RIFF" + struct.pack("<I", 992) + b"WAVE", 1000),
        (b"FORM" + struct.pack(">I", 992) + b"AIFF", 1000),
        (b"FORM" + struct.pack(">I", 992) + b"AIFC", 1000),
        (b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE", None),
        (b"RIFF" + struct.pack("<I", 0) + b"WAVE", None),
        (b"RIFF" + struct.pack("<I", 992) + b"AVI ", None),
        (b"RF64" + struct.pack("<I", 992) + b"WAVE", None),
        (b"ID3\x04" + bytes(8), None),
        (b"RIFF", None),
        (b"", None),
    ],
)
def test_wav_and_aiff_announce_their_size_and_others_nothing(head, size):
    assert announced_size(head) == size


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (b"<!DOCTYPE html><html><body>maintenance", True),
        (b"\xef\xbb\xbf \n<HTML>", True),
        (b'<?xml version="1.0"?><Error>', True),
        (b'{"message": "gone"}', True),
        (b"RIFF\x00\x00\x00\x00WAVE", False),
        (b"ID3\x04", False),
        (b"", False),
    ],
)
def test_what_begins_as_a_message_is_one(head, is_one):
    assert is_message(head) is is_one
