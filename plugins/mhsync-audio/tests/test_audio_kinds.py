"""The content of a file decides how it is checked. Its name decides whether it must contain audio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mhsync import OutputRejected

Check = Callable[..., Mapping[str, Any] | None]
MakeWav = Callable[..., bytes]
Sample = Callable[[str], bytes]
PAGE = b"\n<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"
TEXTS = {
    "a web page": PAGE,
    "XML": b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
    "JSON": b'{"message": "not found"}',
    "text": b"upstream connect error\r\n",
    "no known audio format": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "only zeros": bytes(4096),
    "nothing": b"",
}


@pytest.mark.parametrize("name", ["output.wav", "output.WAV", "output.wave", "output.mp3", "output.flac"])
@pytest.mark.parametrize("content", TEXTS)
def test_a_file_with_an_audio_suffix_must_contain_audio(check: Check, name: str, content: str) -> None:
    with pytest.raises(OutputRejected, match=rf"named \.\w+ and contains {content}"):
        check(TEXTS[content], name)


def test_text_in_utf_16_is_not_audio(check: Check) -> None:
    with pytest.raises(OutputRejected, match="contains text"):
        check("Hello, this is not audio".encode("utf-16"), "output.wav")


@pytest.mark.parametrize("name", ["output.ogg", "output.m4a", "output.opus"])
def test_a_file_with_the_suffix_of_other_audio_must_not_be_text(check: Check, name: str) -> None:
    with pytest.raises(OutputRejected, match="a web page"):
        check(PAGE, name)


@pytest.mark.parametrize("name", ["other.ogg", "other.m4a", "other.aac", "other.aiff", "other.mp2"])
def test_audio_in_other_formats_is_accepted_without_facts(check: Check, sample: Sample, name: str) -> None:
    assert check(sample(name), name) is None
    assert check(sample(name), "output.wav") is None, "also with the suffix of another format"


@pytest.mark.parametrize("name", ["subtitles.srt", "words.json", "cover.png", "output"])
def test_a_file_with_another_suffix_need_not_contain_audio(check: Check, name: str) -> None:
    for data in TEXTS.values():
        assert check(data, name) is None


@pytest.mark.parametrize("name", ["output.wav", "output.flac", "output.bin", "output"])
def test_the_content_decides_how_it_is_decoded(check: Check, sample: Sample, make_wav: MakeWav, name: str) -> None:
    """An MP3 file with the suffix .wav is accepted, and its facts contain its real format."""
    for data, kind in ((make_wav(), "wav"), (sample("tone.flac"), "flac"), (sample("stereo.mp3"), "mp3")):
        found = check(data, name)
        assert found is not None
        assert found["format"] == kind


def test_the_path_in_the_storage_is_checked_too(check: Check) -> None:
    with pytest.raises(OutputRejected, match=r"named \.wav"):
        check(PAGE, "output", path="intro/morning.wav")


def test_a_file_with_the_suffix_mp3_is_searched_for_its_first_frame(check: Check, sample: Sample) -> None:
    junk = b"\xff\x00\x12" * 100
    found = check(junk + sample("stereo.mp3"), "output.mp3")
    assert found is not None
    assert found["format"] == "mp3"
    with pytest.raises(OutputRejected, match="no known audio format"):
        check(junk, "output.mp3")
