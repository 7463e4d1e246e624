"""Real audio that is generated while it is read: any size, little memory, the same bytes every time."""

from __future__ import annotations

import hashlib
import math
import struct
import sys
import zlib
from array import array
from collections.abc import Iterator
from functools import lru_cache

from mhsync.dataclass import dataclass

RATE = 16_000
"""Samples per second; one channel of 16 bits, so 32,000 bytes per second."""
HEADER = 80
"""Bytes before the samples; the size of the smallest file."""
LARGEST = 0xFFFF_FFFE
"""The largest size: it has 32 bits in the header, and is even."""
_BLOCK = 8192
"""Bytes of one note."""
_NOTES = 32


@dataclass(frozen=True, slots=True)
class Wav:
    """A WAV file of `size` bytes, with a melody that depends on `seed`.

    Two seeds never give the same bytes: the header contains a hash of the seed. The melody does not repeat, so
    that a transfer that is resumed at a wrong offset gives other bytes.

    Raises:
        ValueError: the size is odd, below 80 bytes, or 4 GiB or more.
    """

    seed: str
    size: int

    def __post_init__(self) -> None:
        if not HEADER <= self.size <= LARGEST or self.size % 2:
            raise ValueError(f"a WAV file has an even size of {HEADER} to {LARGEST} bytes, not {self.size}")

    @classmethod
    def lasting(cls, seed: str, seconds: float) -> Wav:
        """A file with a duration of `seconds`."""
        return cls(seed, HEADER + 2 * round(seconds * RATE))

    @property
    def etag(self) -> str:
        """A strong entity tag, with its quotes."""
        return f'"{hashlib.sha256(f"{self.size}:{self.seed}".encode()).hexdigest()[:32]}"'

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `stop` (default: the end), in pieces of some KiB."""
        end = self.size if stop is None else min(stop, self.size)
        if start < HEADER:
            yield self._header()[start:end]
            start = HEADER
        while start < end:
            index, offset = divmod(start - HEADER, _BLOCK)
            piece = self._note(index)[offset : offset + end - start]
            yield piece
            start += len(piece)

    def sha256(self) -> str:
        """The hash of the whole file, in hex."""
        digest = hashlib.sha256()
        for piece in self.read():
            digest.update(piece)
        return digest.hexdigest()

    def _header(self) -> bytes:
        mark = hashlib.sha256(self.seed.encode()).hexdigest()[:16].encode()
        return b"".join(
            (
                struct.pack("<4sI4s", b"RIFF", self.size - 8, b"WAVE"),
                struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16),
                struct.pack("<4sI4s4sI16s", b"LIST", 28, b"INFO", b"ICMT", 16, mark),
                struct.pack("<4sI", b"data", self.size - HEADER),
            )
        )

    def _note(self, index: int) -> bytes:
        return _tone(zlib.crc32(f"{self.seed}:{index}".encode()) % _NOTES)


@lru_cache(maxsize=_NOTES)
def _tone(note: int) -> bytes:
    """One note of a whole-tone scale, fading in and out so that nothing clicks."""
    step = 2 * math.pi * 110 * 2 ** (note / 6) / RATE
    count = _BLOCK // 2
    fade = count // 8
    samples = array("h")
    for at in range(count):
        loudness = min(1.0, at / fade, (count - at) / fade)
        samples.append(int(12_000 * loudness * math.sin(step * at)))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
