"""A file is judged by what it holds; its name only says what it must hold at least."""

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
    "no audio that is known": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "nothing but zeros": bytes(4096),
    "nothing": b"",
}


@pytest.mark.parametrize("name", ["output.wav", "output.WAV", "output.wave", "output.mp3", "output.flac"])
@pytest.mark.parametrize("holds", TEXTS)
def test_what_is_called_audio_must_be_some(check: Check, name: str, holds: str) -> None:
    with pytest.raises(OutputRejected, match=rf"called \.\w+ and holds {holds}"):
        check(TEXTS[holds], name)


def test_a_page_in_utf_16_is_no_audio(check: Check) -> None:
    with pytest.raises(OutputRejected, match="holds text"):
        check("Hello, this is no audio".encode("utf-16"), "output.wav")


@pytest.mark.parametrize("name", ["output.ogg", "output.m4a", "output.opus"])
def test_no_kind_of_audio_may_be_text(check: Check, name: str) -> None:
    with pytest.raises(OutputRejected, match="a web page"):
        check(PAGE, name)


@pytest.mark.parametrize("name", ["other.ogg", "other.m4a", "other.aac", "other.aiff", "other.mp2"])
def test_audio_that_is_not_decoded_here_passes_without_facts(check: Check, sample: Sample, name: str) -> None:
    assert check(sample(name), name) is None
    assert check(sample(name), "output.wav") is None, "also under a name that is not its own"


@pytest.mark.parametrize("name", ["subtitles.srt", "words.json", "cover.png", "output"])
def test_what_is_not_called_audio_need_not_be_any(check: Check, name: str) -> None:
    for data in TEXTS.values():
        assert check(data, name) is None


@pytest.mark.parametrize("name", ["output.wav", "output.flac", "output.bin", "output"])
def test_the_content_says_how_it_is_decoded(check: Check, sample: Sample, make_wav: MakeWav, name: str) -> None:
    """An MP3 that is called .wav is whole audio, and its facts say what it is."""
    for data, kind in ((make_wav(), "wav"), (sample("tone.flac"), "flac"), (sample("stereo.mp3"), "mp3")):
        found = check(data, name)
        assert found is not None
        assert found["format"] == kind


def test_the_name_in_the_storage_counts_too(check: Check) -> None:
    with pytest.raises(OutputRejected, match=r"called \.wav"):
        check(PAGE, "output", path="intro/morning.wav")


def test_what_is_called_mp3_is_searched_for_its_first_frame(check: Check, sample: Sample) -> None:
    junk = b"\xff\x00\x12" * 100
    found = check(junk + sample("stereo.mp3"), "output.mp3")
    assert found is not None
    assert found["format"] == "mp3"
    with pytest.raises(OutputRejected, match="no audio that is known"):
        check(junk, "output.mp3")
