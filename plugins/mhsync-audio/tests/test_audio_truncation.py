"""Every sample file is truncated at many places and damaged at many bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from mhsync_audio.inspect import inspect

from mhsync import OutputRejected

Check = Callable[..., Mapping[str, Any] | None]
Sample = Callable[[str], bytes]

WITH_LENGTH = [
    "float32.wav",
    "extensible.wav",
    "ima.wav",
    "mp3-inside.wav",
    "rf64.wav",
    "tone.flac",
    "xing.mp3",
    "stereo.mp3",
]
WITHOUT_LENGTH = {"streamed.wav": 2, "streamed-sox.wav": 2, "no-header.mp3": 72}
"""Files that do not state their length, and the size in bytes of the units after which they may end."""


def cuts(whole: bytes) -> list[int]:
    """Lengths to truncate to: every byte near the headers and the end, and every seventh byte between."""
    return sorted(
        {*range(min(300, len(whole))), *range(300, len(whole), 7), *range(max(0, len(whole) - 80), len(whole))}
    )


def passes(path: Path, data: bytes, name: str) -> bool:
    path.write_bytes(data)
    try:
        inspect(path, [name])
    except OutputRejected as error:
        assert "\n" not in error.message
        return False
    return True


@pytest.mark.parametrize("name", WITH_LENGTH)
def test_fuzz_every_truncation_is_detected(sample: Sample, tmp_path: Path, name: str) -> None:
    whole = sample(name)
    assert passes(tmp_path / "cut", whole, name)
    passed = [length for length in cuts(whole) if passes(tmp_path / "cut", whole[:length], name)]
    assert passed == []


def test_fuzz_a_truncation_is_detected_unless_only_the_last_tag_is_truncated(
    sample: Sample, tmp_path: Path
) -> None:
    whole = sample("tagged.mp3")
    end_of_audio = len(whole) - 128
    passed = [length for length in cuts(whole) if passes(tmp_path / "cut", whole[:length], "tagged.mp3")]
    assert passed == [length for length in cuts(whole) if length >= end_of_audio]


@pytest.mark.parametrize("name", WITHOUT_LENGTH)
def test_fuzz_without_a_stated_length_a_truncation_inside_a_unit_is_detected(
    sample: Sample, tmp_path: Path, name: str
) -> None:
    whole = sample(name)
    start = whole.index(b"data") + 8 if b"data" in whole else 0
    unit = WITHOUT_LENGTH[name]
    passed = [length for length in cuts(whole) if passes(tmp_path / "cut", whole[:length], name)]
    assert passed
    assert all((length - start) % unit == 0 for length in passed), passed


@pytest.mark.parametrize("name", [*WITH_LENGTH, *WITHOUT_LENGTH, "tagged.mp3", "streamed.flac"])
def test_fuzz_a_damaged_file_is_accepted_or_rejected(sample: Sample, tmp_path: Path, name: str) -> None:
    """Bytes are set to extreme values. No other exception is raised."""
    whole = sample(name)
    outcomes = set()
    for place in range(0, min(len(whole), 2000), 5):
        for value in (0x00, 0x7F, 0xFF):
            damaged = whole[:place] + bytes([value]) + whole[place + 1 :]
            outcomes.add(passes(tmp_path / "damaged", damaged, name))
    assert outcomes == {True, False}
