"""The hook of mhsync-audio."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mhsync import StoredOutput, hookimpl


@hookimpl
def mhsync_check_output(output: StoredOutput, file: Path) -> Mapping[str, Any] | None:
    """Decode a downloaded file to its end.

    Returns:
        `duration_seconds`, `channels`, `sample_rate` and `format` of a WAV, MP3 or FLAC file; None for a file
        with other content and another suffix.

    Raises:
        OutputRejected: it does not decode, is shorter than its header says, or contains no audio despite its name.
    """
    # The decoder is slow to import, so only a run that checks an output imports it.
    from mhsync_audio.inspect import inspect

    facts = inspect(file, (output.filename, output.path))
    return None if facts is None else facts.to_json()
