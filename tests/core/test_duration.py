"""The duration of audio files, as their first bytes state it; the files in `audio/` are short tones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.audio import HEAD
from mhsync.core.duration import duration_of
from mhsync.sandbox.wav import Wav

FILES = {file.name: file.read_bytes() for file in sorted((Path(__file__).parent / "audio").iterdir())}
SECONDS = {
    "pcm.wav": 0.03, "float.wav": 0.03, "rf64.wav": 0.03, "streamed.wav": 0.03,
    "pcm.aiff": 0.03, "float.aifc": 0.03, "whole.flac": 0.03,
    "frames.mp3": 0.108, "counted.mp3": 0.108, "tagged.mp3": 0.108, "layer2.mp3": 0.072,
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_the_duration_of_real_files(name):
    data = FILES[name]
    found = duration_of(data[:HEAD], len(data))
    assert found == (pytest.approx(SECONDS[name]) if name in SECONDS else None)


def test_only_the_first_bytes_of_a_long_file_are_needed():
    wav = Wav.lasting("a", 90)
    head = b"".join(wav.read(stop=HEAD))
    assert duration_of(head, wav.size) == pytest.approx(90)


def test_a_truncated_file_has_the_duration_of_what_is_there():
    wav = Wav.lasting("a", 90)
    head = b"".join(wav.read(stop=HEAD))
    assert duration_of(head, 80 + (wav.size - 80) // 2) == pytest.approx(45)


def test_frames_of_several_bitrates_without_a_count_have_no_duration():
    one, other = b"\xff\xfb\x90\x40", b"\xff\xfb\xa0\x40"
    frames = one + bytes(413) + other + bytes(518)
    assert duration_of(frames, len(frames)) is None
    same = (one + bytes(413)) * 2
    assert duration_of(same, len(same)) == pytest.approx(0.052, abs=0.001)


@given(st.sampled_from(sorted(FILES)), st.integers(0, 200), st.integers(0, 255), st.integers(0, 4000))
def test_fuzz_damaged_files_raise_nothing(name, at, value, length):
    data = bytearray(FILES[name][:length])
    if data:
        data[at % len(data)] = value
    found = duration_of(bytes(data), len(data))
    assert found is None or found >= 0
