"""The waveform of WAV files, from a bounded number of samples."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path

import pytest

from mhsync.html.waveform import waveform
from mhsync.sandbox.wav import Wav

AUDIO = Path(__file__).parent.parent / "core" / "audio"


def wav(width, samples):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(8000)
        file.writeframes(samples)
    return io.BytesIO(out.getvalue())


@pytest.mark.parametrize(
    ("width", "quiet", "loud"),
    [
        (1, b"\x80", b"\xff"),
        (2, bytes(2), b"\x00\x7f"),
        (3, bytes(3), b"\x00\x00\x80"),
        (4, bytes(4), b"\x00\x00\x00\x7f"),
    ],
)
def test_loud_and_silent_parts_of_each_width(width, quiet, loud):
    assert waveform(wav(width, quiet * 100 + loud * 100), parts=4, frames=10) == "00zz"


def test_silence_is_flat():
    assert waveform(wav(2, bytes(400)), parts=4, frames=10) == "0000"


def test_a_long_file_is_read_in_part():
    data = io.BytesIO(b"".join(Wav.lasting("a", 600).read()))
    read = []
    real = data.read
    data.read = lambda size=-1: (read.append(size), real(size))[1]
    assert len(waveform(data, parts=80, frames=96)) == 80
    assert sum(read) < 40_000


@pytest.mark.parametrize("name", ["vorbis.ogg", "whole.flac", "float.wav", "pcm.aiff"])
def test_other_formats_have_none(name):
    assert waveform(io.BytesIO((AUDIO / name).read_bytes()), parts=80, frames=96) is None


def test_damaged_files_raise_nothing():
    data = b"".join(Wav.lasting("a", 0.1).read())
    for length in range(200):
        waveform(io.BytesIO(data[:length]), parts=80, frames=96)
    assert waveform(io.BytesIO(struct.pack("<4sI4s", b"RIFF", 4, b"WAVE")), parts=80, frames=96) is None
