"""A file cut anywhere is rejected: every sample file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from mhsync_audio.inspect import inspect

from mhsync import OutputRejected

Check = Callable[..., Mapping[str, Any] | None]
Sample = Callable[[str], bytes]

ANNOUNCED = [
    "float32.wav",
    "extensible.wav",
    "ima.wav",
    "mp3-inside.wav",
    "rf64.wav",
    "tone.flac",
    "xing.mp3",
    "stereo.mp3",
]
UNANNOUNCED = {"streamed.wav": 2, "streamed-sox.wav": 2, "unannounced.mp3": 72}
"""Files that do not say how long they are, and the bytes of one step at which they may end."""


def cuts(whole: bytes) -> list[int]:
    """Where to cut: at every byte near the headers and the end, and at every seventh between."""
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


@pytest.mark.parametrize("name", ANNOUNCED)
def test_fuzz_a_cut_anywhere_is_noticed(sample: Sample, tmp_path: Path, name: str) -> None:
    whole = sample(name)
    assert passes(tmp_path / "cut", whole, name)
    passed = [length for length in cuts(whole) if passes(tmp_path / "cut", whole[:length], name)]
    assert passed == []


def test_fuzz_a_cut_of_a_tagged_file_is_noticed_until_only_its_last_tag_is_cut(
    sample: Sample, tmp_path: Path
) -> None:
    whole = sample("tagged.mp3")
    sound = len(whole) - 128
    passed = [length for length in cuts(whole) if passes(tmp_path / "cut", whole[:length], "tagged.mp3")]
    assert passed == [length for length in cuts(whole) if length >= sound]


@pytest.mark.parametrize("name", UNANNOUNCED)
def test_fuzz_where_no_length_is_announced_a_cut_inside_a_step_is_noticed(
    sample: Sample, tmp_path: Path, name: str
) -> None:
    whole = sample(name)
    start = whole.index(b"data") + 8 if b"data" in whole else 0
    step = UNANNOUNCED[name]
    passed = [length for length in cuts(whole) if passes(tmp_path / "cut", whole[:length], name)]
    assert passed
    assert all((length - start) % step == 0 for length in passed), passed


@pytest.mark.parametrize("name", [*ANNOUNCED, *UNANNOUNCED, "tagged.mp3", "streamed.flac"])
def test_fuzz_damage_is_an_answer_and_never_another_exception(sample: Sample, tmp_path: Path, name: str) -> None:
    """Any byte turned to any extreme: it passes or is rejected, and nothing else happens."""
    whole = sample(name)
    outcomes = set()
    for place in range(0, min(len(whole), 2000), 5):
        for value in (0x00, 0x7F, 0xFF):
            spoilt = whole[:place] + bytes([value]) + whole[place + 1 :]
            outcomes.add(passes(tmp_path / "spoilt", spoilt, name))
    assert outcomes == {True, False}
