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
        `duration_seconds`, `channels`, `sample_rate` and `format` of a WAV, MP3 or FLAC file; None of what is
        neither named nor made like one.

    Raises:
        OutputRejected: it does not decode, or is shorter than its header says.
    """
    # The decoder takes its time to load: only who checks an output pays.
    from mhsync_audio.inspect import inspect

    facts = inspect(file, (output.filename, output.path))
    return None if facts is None else facts.to_json()
