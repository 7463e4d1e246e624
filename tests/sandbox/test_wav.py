"""Outputs are real, deterministic audio of any size, generated without much memory."""

from __future__ import annotations

import io
import tracemalloc
import wave

import pytest

from mhsync.sandbox.wav import Wav


def whole(audio: Wav, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join(audio.read(start, stop))


def test_an_audio_library_reads_it_and_finds_the_given_duration() -> None:
    with wave.open(io.BytesIO(whole(Wav.lasting("a", 1.5)))) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 16_000)
        assert sound.getnframes() == 24_000
        samples = sound.readframes(24_000)
    assert len(samples) == 48_000
    assert len(set(samples)) > 200  # it is not silence


@pytest.mark.parametrize("size", [80, 82, 8_272, 8_274, 100_000, 1_000_002])
def test_the_file_has_exactly_the_given_size(size: int) -> None:
    assert len(whole(Wav("a", size))) == size


@pytest.mark.parametrize("size", [0, 79, 81, 1 << 32])
def test_a_size_that_no_wav_file_has_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"not {size}"):
        Wav("a", size)


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, 1),
        (0, 80),
        (79, 81),
        (80, 80),
        (5, 60),
        (8_271, 8_273),
        (20_000, 29_999),
        (29_999, None),
        (30_000, None),
    ],
)
def test_any_range_equals_that_range_of_the_whole(start: int, stop: int | None) -> None:
    audio = Wav("part", 30_000)
    assert whole(audio, start, stop) == whole(audio)[start:stop]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_gives_others() -> None:
    assert whole(Wav("a", 80)) == whole(Wav("a", 80))
    assert len({whole(Wav(seed, 80)) for seed in "abcdef"}) == 6
    assert len({Wav(seed, 80).etag for seed in "abcdef"}) == 6
    assert Wav("a", 80).sha256() != Wav("a", 82).sha256()


def test_the_melody_does_not_repeat() -> None:
    sound = whole(Wav("a", 2_000_080))[80:]
    for shift in (8_192, 65_536, 81_920, 262_144, 1_000_000):
        assert sound[shift:] != sound[:-shift]


def test_a_large_file_is_generated_while_it_is_read() -> None:
    audio = Wav("large", 30_000_000)
    tracemalloc.start()
    try:
        assert sum(len(piece) for piece in audio.read()) == 30_000_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000
