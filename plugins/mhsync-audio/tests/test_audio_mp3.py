"""MP3 files: complete ones are accepted with their facts, truncated and damaged ones are rejected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mhsync import OutputRejected

Check = Callable[..., Mapping[str, Any] | None]
Sample = Callable[[str], bytes]
FRAME = 72
"""Bytes of each frame of no-header.mp3: MPEG 2.5, 8 kbit/s, 8 kHz."""


def facts(seconds: float, channels: int = 1, rate: int = 8000) -> dict[str, Any]:
    return {"format": "mp3", "channels": channels, "sample_rate": rate, "duration_seconds": seconds}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("xing.mp3", facts(0.25)),
        ("tagged.mp3", facts(0.25)),
        ("stereo.mp3", facts(0.25, 2, 44_100)),
        ("no-header.mp3", facts(0.432)),
    ],
)
def test_a_complete_file_has_facts(check: Check, sample: Sample, name: str, expected: dict[str, Any]) -> None:
    """If the file states the padding of its encoder, the duration does not include it."""
    assert check(sample(name), "output.mp3") == expected


@pytest.mark.parametrize("name", ["xing.mp3", "tagged.mp3", "no-header.mp3"])
def test_the_duration_of_joined_files_is_that_of_both(check: Check, sample: Sample, name: str) -> None:
    once = check(sample(name), "output.mp3")
    twice = check(sample(name) * 2, "output.mp3")
    assert once is not None
    assert twice is not None
    assert twice["duration_seconds"] == pytest.approx(2 * once["duration_seconds"])


@pytest.mark.parametrize(
    ("front", "back"),
    [
        (b"", b"TAG" + bytes(125)),
        (b"", b"APETAGEX" + b"\xd0\x07\0\0" + b"\x40\0\0\0" + bytes(16 + 64)),
        (b"", bytes(5000)),
        (b"", b"bytes that are not audio"),
        (b"ID3\x04\0\0\0\0\x02\x00" + bytes(256), b""),
        (b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + bytes(700), b""),
    ],
    ids=["ID3v1", "APE", "zeros", "junk", "ID3v2", "ID3v2 and zeros"],
)
def test_tags_and_other_bytes_around_the_frames_are_skipped(
    check: Check, sample: Sample, front: bytes, back: bytes
) -> None:
    assert check(front + sample("xing.mp3") + back, "output.mp3") == facts(0.25)
    assert check(front + sample("no-header.mp3") + back, "output.mp3") == facts(0.432)


def test_a_truncation_between_frames_is_detected_if_their_number_is_stated(check: Check, sample: Sample) -> None:
    stereo = sample("stereo.mp3")
    last = stereo.rindex(b"\xff\xfb")
    with pytest.raises(OutputRejected, match="10 of 11 frames are present"):
        check(stereo[:last], "output.mp3")


def test_a_truncation_between_frames_is_not_detected_if_their_number_is_not_stated(
    check: Check, sample: Sample
) -> None:
    """Nothing in such a file shows that it is incomplete."""
    assert check(sample("no-header.mp3")[:-FRAME], "output.mp3") == facts(0.36)


def test_a_count_that_includes_the_frame_of_the_length_header_is_accepted(check: Check, sample: Sample) -> None:
    whole = sample("xing.mp3")
    at = whole.index(b"Xing") + 8
    frames = int.from_bytes(whole[at : at + 4], "big")
    one_more = whole[:at] + (frames + 1).to_bytes(4, "big") + whole[at + 4 :]
    assert check(one_more, "output.mp3") is not None
    two_more = whole[:at] + (frames + 2).to_bytes(4, "big") + whole[at + 4 :]
    with pytest.raises(OutputRejected, match="frames are present"):
        check(two_more, "output.mp3")


def test_a_gap_between_frames_is_detected(check: Check, sample: Sample) -> None:
    whole = sample("no-header.mp3")
    with pytest.raises(OutputRejected, match=f"{FRAME} bytes at offset {2 * FRAME} are not MP3"):
        check(whole[: 2 * FRAME] + bytes(FRAME) + whole[3 * FRAME :], "output.mp3")


def test_a_tag_without_frames_is_rejected(check: Check) -> None:
    with pytest.raises(OutputRejected, match="no complete frame"):
        check(b"ID3\x04\0\0\0\0\0\x0a" + bytes(10), "output.mp3")


def test_a_truncated_tag_is_rejected(check: Check) -> None:
    with pytest.raises(OutputRejected, match="no complete frame"):
        check(b"ID3\x04\0\0\0\0\x20\x00" + bytes(100), "output.mp3")


def test_frames_that_do_not_decode_are_rejected(check: Check, sample: Sample) -> None:
    """The headers are in sequence, but each frame needs bytes of frames that are missing."""
    header = sample("no-header.mp3")[:4]
    frame = header + b"\xff" * (FRAME - 4)
    with pytest.raises(OutputRejected, match="does not decode"):
        check(frame * 40, "output.mp3")
