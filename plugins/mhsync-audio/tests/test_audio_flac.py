"""FLAC files: complete ones are accepted with their facts, truncated and damaged ones are rejected."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mhsync import OutputRejected

Check = Callable[..., Mapping[str, Any] | None]
Sample = Callable[[str], bytes]
FACTS = {"format": "flac", "channels": 1, "sample_rate": 8000, "duration_seconds": 0.25}
ID3 = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)


@pytest.mark.parametrize("name", ["tone.flac", "streamed.flac"])
def test_a_complete_file_has_facts(check: Check, sample: Sample, name: str) -> None:
    """Also a file whose writer did not know its length."""
    assert check(sample(name), "output.flac") == FACTS


def test_a_tag_before_the_header_is_skipped(check: Check, sample: Sample) -> None:
    assert check(ID3 + sample("tone.flac"), "output.flac") == FACTS


def test_every_flipped_bit_of_the_audio_is_detected(check: Check, sample: Sample) -> None:
    """Each block has a checksum."""
    whole = sample("tone.flac")
    chance = random.Random(4)
    for _ in range(100):
        damaged = bytearray(whole)
        damaged[chance.randrange(150, len(whole))] ^= 1 << chance.randrange(8)
        with pytest.raises(OutputRejected, match="samples decode"):
            check(bytes(damaged), "output.flac")


def test_a_damaged_header_is_rejected(check: Check, sample: Sample) -> None:
    with pytest.raises(OutputRejected, match="does not decode as FLAC"):
        check(b"fLaC" + bytes(100), "output.flac")


def test_a_header_without_audio_is_rejected(check: Check, sample: Sample) -> None:
    streamed = sample("streamed.flac")
    with pytest.raises(OutputRejected, match="does not decode as FLAC"):
        check(streamed[:100], "output.flac")
