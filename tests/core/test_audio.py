"""The format of a file's first bytes. The files in `audio/` were made with ffmpeg, SoX and flac: a short tone."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.audio import HEAD, UNRECOGNISED, Doubt, doubt_of, is_text, recognise
from mhsync.sandbox.wav import Wav

FILES = {file.name: file for file in sorted((Path(__file__).parent / "audio").iterdir())}
FORMATS = {"pcm.wav": "wav", "float.wav": "wav", "rf64.wav": "wav", "streamed.wav": "wav",
           "pcm.aiff": "aiff", "float.aifc": "aiff", "streamed.aiff": "aiff",
           "frames.mp3": "mp3", "counted.mp3": "mp3", "tagged.mp3": "mp3", "layer2.mp3": "mp3",
           "whole.flac": "flac", "vorbis.ogg": "ogg", "opus.ogg": "ogg", "frames.aac": "aac",
           "at-end.m4a": "mp4", "in-front.m4a": "mp4", "fragments.mp4": "mp4",
           "opus.webm": "webm", "streamed.webm": "webm", "flac.mka": "webm"}  # fmt: skip
SAY_THEIR_LENGTH = sorted(
    FORMATS.keys() - {"streamed.wav", "streamed.aiff", "frames.mp3", "frames.aac", "whole.flac", "streamed.webm"}
)
IN_PIECES = {"vorbis.ogg", "opus.ogg", "fragments.mp4"}
"""Whole up to the end of each piece, as far as their headers say."""
TEXTS = [
    b"Access denied",
    b"<Error>AccessDenied</Error>",
    b"<?xml version='1.0'?><Error/>",
    b'{ "error": "x"}',
    b'{"error":"x"}',
    b"[]",
    b"null",
    b"<!DOCTYPE html><html>",
    b"\n\n <HTML>",
    b"RIFF",
    b"RIFFTRAFFWAVE",
    b"ID3 is not in this text",
    b"fLaC",
    b"\xef\xbb\xbfAccess denied",
    "Access denied".encode("utf-16"),
    "Access denied".encode("utf-16-le"),
    "Access denied".encode("utf-16-be"),
    b"\xfe\xff" + "Zugriff nicht möglich €".encode("utf-16-be"),
    "accès refusé".encode(),
    "accès refusé".encode("latin-1"),
    "アクセスが拒否されました".encode(),
    b"line\r\n" * 10_000,
]
BINARIES = [
    bytes(100),
    bytes(range(256)),
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00" * 9,
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"PK\x03\x04\x14\0\0\0",
    b"RIFF\x24\0\0\0WAVE",
    b"RIFF\x24\0\0\0AVI LIST",
    b"FORM\0\0\0\x24AIFF",
    b"\0\0\0\x18ftypM4A \0\0\0\0isommp42",
    b"OggS\0" + b"a" * 300,
    b"\x1a\x45\xdf\xa3\x84none",
    b"\xff\xfb\x90\x44" + bytes(2000),
    b"\xff\xf1\x50\x80\x01\x3f\xfc" + bytes(2000),
    b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + b"\x01no frame follows this tag",
    b"Access denied\0",
]


def head_of(name: str) -> tuple[bytes, int]:
    data = FILES[name].read_bytes()
    return data[:HEAD], len(data)


def test_there_is_a_file_of_every_format():
    assert set(FILES) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_real_audio_is_recognised_as_complete(name):
    head, size = head_of(name)
    assert recognise(head).format == FORMATS[name]
    assert doubt_of(head, size) is None
    assert not is_text(head)


@pytest.mark.parametrize("name", SAY_THEIR_LENGTH)
def test_a_file_shorter_than_its_header_states_is_doubted(name):
    head, size = head_of(name)
    assert doubt_of(head, size - 1) is Doubt.TOO_SHORT


@pytest.mark.parametrize("tag", [b"TAG" + bytes(125), b"APETAGEX" + bytes(24)], ids=["id3v1", "ape"])
def test_tags_after_mp3_frames_are_accepted(tag):
    one_frame = FILES["frames.mp3"].read_bytes()[:144] + tag
    assert doubt_of(one_frame, len(one_frame)) is None


@pytest.mark.parametrize("name", ["frames.mp3", "frames.aac", "whole.flac"])
@pytest.mark.parametrize("art", [0, 300_000], ids=["small", "with-cover"])
def test_an_id3_tag_counts_for_the_length(name, art):
    frames = FILES[name].read_bytes()
    size = bytes(art >> shift & 0x7F for shift in (21, 14, 7, 0))
    data = b"ID3\x03\0\0" + size + bytes(art) + frames
    assert doubt_of(data[:HEAD], len(data)) is None
    assert doubt_of(data[:HEAD], 10 + art) is Doubt.TOO_SHORT


@pytest.mark.parametrize("seed", ["a", "b"])
@pytest.mark.parametrize("size", [80, 2000, 60_000])
def test_what_the_sandbox_serves_is_audio(seed, size):
    head = b"".join(Wav(seed, size).read(0, HEAD))
    assert (recognise(head).format, recognise(head).total, doubt_of(head, size)) == ("wav", size, None)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_wav_and_aiff_of_unknown_length_are_accepted(size):
    wav = bytearray(FILES["pcm.wav"].read_bytes())
    at = wav.index(b"data") + 4
    wav[4:8] = wav[at : at + 4] = struct.pack("<I", size)
    assert (recognise(bytes(wav)).total, doubt_of(bytes(wav), len(wav))) == (None, None)
    aiff = bytearray(FILES["pcm.aiff"].read_bytes())
    at = aiff.index(b"SSND") + 4
    aiff[4:8] = aiff[at : at + 4] = struct.pack(">I", size)
    assert (recognise(bytes(aiff)).total, doubt_of(bytes(aiff), len(aiff))) == (None, None)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_recognised_as_text_and_not_as_audio(text):
    assert recognise(text[:HEAD]).format == UNRECOGNISED
    assert is_text(text[:HEAD])
    assert doubt_of(text[:HEAD], len(text)) is Doubt.TEXT


@pytest.mark.parametrize("data", BINARIES)
def test_bytes_that_are_neither_text_nor_audio_are_unrecognised(data):
    assert doubt_of(data, len(data)) in (Doubt.UNRECOGNISED, Doubt.TOO_SHORT)
    assert not is_text(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data):
    found = recognise(data)
    assert found.least >= 0
    doubt_of(data, len(data))


@given(st.sampled_from(sorted(FORMATS)), st.data())
def test_damaged_files_are_read_without_an_error(name, data):
    head = bytearray(head_of(name)[0][:400])
    for _ in range(data.draw(st.integers(1, 6))):
        head[data.draw(st.integers(0, len(head) - 1))] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    assert recognise(bytes(head)).least >= 0


@given(st.text(min_size=1, max_size=200).filter(lambda text: text.isprintable()))
def test_printable_text_is_text_in_every_encoding(text):
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert is_text(text.encode(encoding, "replace"))


@pytest.mark.parametrize("name", sorted(set(SAY_THEIR_LENGTH) - IN_PIECES))
def test_a_truncated_file_is_never_accepted(name):
    data = FILES[name].read_bytes()
    for cut in range(len(data)):
        assert doubt_of(data[:cut], cut) is not None, cut
