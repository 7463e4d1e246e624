"""FLAC: the header states the number of samples, and each block has a checksum."""

from __future__ import annotations

from pathlib import Path

from mhsync_audio.decoder import DecodingFailed, count_flac, read_flac_header
from mhsync_audio.facts import Facts, broken


def inspect(path: Path) -> Facts:
    """Decode a FLAC file to its end.

    A header states 0 if its writer did not know the number of samples. Then any number is accepted.

    Raises:
        OutputRejected: it does not decode, or has fewer samples than its header states.
    """
    try:
        header = read_flac_header(path)
        frames = count_flac(path, header.channels)
    except DecodingFailed:
        raise broken("does not decode as FLAC: its header is damaged") from None
    if not header.channels or not header.sample_rate:
        raise broken("does not decode as FLAC: its header has no channels or no sample rate")
    if frames < header.frames:
        raise broken(f"is shorter than its FLAC header says: {frames} of {header.frames} samples decode")
    if not frames:
        raise broken("does not decode as FLAC: it contains no complete frame")
    return Facts("flac", header.channels, header.sample_rate, frames / header.sample_rate)
