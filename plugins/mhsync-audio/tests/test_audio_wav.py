"""WAV files: complete ones are accepted with their facts, truncated and damaged ones are rejected."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mhsync import OutputRejected

Check = Callable[..., Mapping[str, Any] | None]
MakeWav = Callable[..., bytes]
Sample = Callable[[str], bytes]


def test_a_complete_file_has_facts(check: Check, make_wav: MakeWav) -> None:
    assert check(make_wav(b"\0\0" * 2 * 12_000, channels=2, rate=48_000)) == {
        "format": "wav",
        "channels": 2,
        "sample_rate": 48_000,
        "duration_seconds": 0.25,
    }


@pytest.mark.parametrize("name", ["float32.wav", "extensible.wav", "rf64.wav", "streamed.wav", "streamed-sox.wav"])
def test_files_of_several_writers_are_accepted(check: Check, sample: Sample, name: str) -> None:
    """32-bit floats, 24 bits in an extensible header, lengths of 64 bits, and unknown lengths."""
    assert check(sample(name)) == {"format": "wav", "channels": 1, "sample_rate": 8000, "duration_seconds": 0.25}


def test_blocks_of_adpcm_are_decoded(check: Check, sample: Sample) -> None:
    facts = check(sample("ima.wav"))
    assert facts is not None
    assert facts["duration_seconds"] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(("codec", "bits"), [(6, 8), (7, 8), (3, 64), (1, 8), (1, 24), (1, 32)])
def test_codecs_with_samples_of_a_fixed_size_have_a_duration(
    check: Check, make_wav: MakeWav, codec: int, bits: int
) -> None:
    facts = check(make_wav(bytes(4000 * bits // 8), codec=codec, bits=bits))
    assert facts is not None
    assert facts["duration_seconds"] == 0.5


def test_big_endian_files_are_read(check: Check, make_wav: MakeWav) -> None:
    facts = check(make_wav(b"\0\1" * 4000, order=">"))
    assert facts == {"format": "wav", "channels": 1, "sample_rate": 8000, "duration_seconds": 0.5}
    with pytest.raises(OutputRejected, match="shorter than its WAV header says"):
        check(make_wav(b"\0\1" * 4000, order=">")[:-2])


def test_of_an_unsupported_codec_only_the_lengths_are_checked(check: Check, sample: Sample) -> None:
    whole = sample("mp3-inside.wav")
    assert check(whole) == {"format": "wav", "channels": 1, "sample_rate": 8000}
    with pytest.raises(OutputRejected, match="shorter than its WAV header says"):
        check(whole[:-1])


def test_chunks_around_the_samples_are_skipped(check: Check, make_wav: MakeWav) -> None:
    odd = b"note" + struct.pack("<I", 3) + b"abc\0"
    facts = check(make_wav(before=odd, after=odd))
    assert facts is not None
    assert facts["duration_seconds"] == 0.1


def test_bytes_after_the_container_are_ignored(check: Check, make_wav: MakeWav) -> None:
    facts = check(make_wav() + b"ID3 tag of another program")
    assert facts is not None
    assert facts["duration_seconds"] == 0.1


def test_a_missing_pad_byte_is_accepted(check: Check, make_wav: MakeWav) -> None:
    samples = bytes(801)
    assert check(make_wav(samples, bits=8, container=4 + 24 + 8 + 801 + 1)) is not None
    with pytest.raises(OutputRejected):
        check(make_wav(samples, bits=8, container=4 + 24 + 8 + 801 + 2))


@pytest.mark.parametrize("container", [0, 36, 0xFFFF_FFFF], ids=["none", "too little", "not known"])
def test_a_container_that_states_less_than_the_file_is_accepted(
    check: Check, make_wav: MakeWav, container: int
) -> None:
    assert check(make_wav(container=container)) is not None


def test_a_file_that_states_no_samples_and_has_none_is_accepted(check: Check, make_wav: MakeWav) -> None:
    facts = check(make_wav(b""))
    assert facts is not None
    assert facts["duration_seconds"] == 0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"stated": 1602}, "1600 of 1602 bytes of audio"),
        ({"stated": 2**31}, "1600 of 2147483648 bytes of audio"),
        ({"container": 36 + 1600 + 2}, "1644 of 1646 bytes"),
        ({"stated": 0xFFFF_FFFF, "samples": b"\0" * 1601}, "in the middle of a sample"),
        ({"stated": 0, "container": 0}, "never finished"),
        ({"channels": 0}, "has no channels"),
        ({"rate": 0}, "has no channels, no sample rate"),
    ],
    ids=["samples", "many samples", "container", "half a sample", "unfinished", "channels", "rate"],
)
def test_a_header_that_does_not_match_the_file_is_rejected(
    check: Check, make_wav: MakeWav, wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(OutputRejected, match=words) as caught:
        check(make_wav(**wrong))
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_samples_before_their_format_are_rejected(check: Check) -> None:
    with pytest.raises(OutputRejected, match="before their format"):
        check(b"RIFF\x10\0\0\0WAVEdata\x04\0\0\0\0\0\0\0")


def test_the_number_of_chunks_is_limited(check: Check) -> None:
    with pytest.raises(OutputRejected, match="no samples"):
        check(b"RIFF\0\0\0\0WAVE" + b"JUNK\0\0\0\0" * 500_000)


GROWTH = """
import resource, sys
from pathlib import Path
from mhsync_audio.inspect import inspect

inspect(Path(sys.argv[1]), ["small.wav"])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
facts = inspect(Path(sys.argv[2]), ["large.wav"])
print(facts.duration_seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_long_file_needs_no_more_memory_than_a_short_one(tmp_path: Path, make_wav: MakeWav) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(make_wav())
    samples = 200 * 2**20
    large.write_bytes(make_wav(b"", stated=samples, container=36 + samples))
    with large.open("r+b") as file:
        file.truncate(44 + samples)
    command = [sys.executable, "-c", GROWTH, str(small), str(large)]
    seconds, mebibytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert float(seconds) == samples / 2 / 8000
    assert int(mebibytes) < 20
