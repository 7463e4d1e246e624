"""Fixtures of the mhsync-audio tests."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from mhsync_audio.plugin import mhsync_check_output

from mhsync import StoredOutput

FILES = Path(__file__).parent / "files"
Check = Callable[..., Mapping[str, Any] | None]
MakeWav = Callable[..., bytes]


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """Reads one of the files in tests/files. Their README.md has the commands that made them."""
    return lambda name: (FILES / name).read_bytes()


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Calls the hook with bytes: `check(data, "output.wav")`. The file on disk has a name without suffix."""

    def call(data: bytes, filename: str = "output.wav", path: str | None = None) -> Mapping[str, Any] | None:
        file = tmp_path / "b5b1c0"
        file.write_bytes(data)
        output = StoredOutput(
            path or f"clx1/{filename}", len(data), "0" * 64, f"https://h/clx1/{filename}", filename
        )
        try:
            return mhsync_check_output(output, file)
        finally:
            assert file.read_bytes() == data, "a check does not change the file"

    return call


@pytest.fixture
def make_wav() -> MakeWav:
    """Makes a WAV file. The lengths in its headers may be wrong."""

    def make(
        samples: bytes = b"\x01\x00" * 800,
        *,
        container: int | None = None,
        stated: int | None = None,
        codec: int = 1,
        channels: int = 1,
        rate: int = 8000,
        bits: int = 16,
        order: str = "<",
        before: bytes = b"",
        after: bytes = b"",
    ) -> bytes:
        frame = channels * bits // 8
        fmt = struct.pack(f"{order}HHIIHH", codec, channels, rate, rate * frame, frame, bits)
        size = len(samples) if stated is None else stated
        body = b"WAVE" + b"fmt " + struct.pack(f"{order}I", 16) + fmt + before
        body += b"data" + struct.pack(f"{order}I", size) + samples + after
        magic = b"RIFF" if order == "<" else b"RIFX"
        return magic + struct.pack(f"{order}I", len(body) if container is None else container) + body

    return make
