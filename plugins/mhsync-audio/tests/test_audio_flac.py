"""FLAC files: whole ones pass with their facts, cut and damaged ones are rejected."""

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
def test_a_whole_file_tells_its_facts(check: Check, sample: Sample, name: str) -> None:
    """Also one whose writer did not know how long it would be."""
    assert check(sample(name), "output.flac") == FACTS


def test_a_tag_in_front_does_no_harm(check: Check, sample: Sample) -> None:
    assert check(ID3 + sample("tone.flac"), "output.flac") == FACTS


def test_any_flipped_bit_of_the_sound_is_noticed(check: Check, sample: Sample) -> None:
    """Each frame carries its checksum."""
    whole = sample("tone.flac")
    chance = random.Random(4)
    for _ in range(100):
        spoilt = bytearray(whole)
        spoilt[chance.randrange(150, len(whole))] ^= 1 << chance.randrange(8)
        with pytest.raises(OutputRejected, match="samples decode"):
            check(bytes(spoilt), "output.flac")


def test_a_damaged_header_is_rejected(check: Check, sample: Sample) -> None:
    with pytest.raises(OutputRejected, match="does not decode as FLAC"):
        check(b"fLaC" + bytes(100), "output.flac")


def test_a_header_without_sound_is_rejected(check: Check, sample: Sample) -> None:
    streamed = sample("streamed.flac")
    with pytest.raises(OutputRejected, match="does not decode as FLAC"):
        check(streamed[:100], "output.flac")
