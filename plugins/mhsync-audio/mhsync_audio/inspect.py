"""Finds the format of a file from its content, and decodes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from mhsync import OutputRejected
from mhsync_audio import flac, mp3, wav
from mhsync_audio.facts import Facts
from mhsync_audio.kinds import Kind, describe, kind_of, looks_like_text
from mhsync_audio.window import Window, opened

_DECODED = frozenset({".wav", ".wave", ".mp3", ".flac"})
_OTHER_AUDIO = frozenset(
    {".aac", ".aif", ".aiff", ".amr", ".caf", ".m4a", ".mka", ".mp4", ".oga", ".ogg", ".opus", ".weba", ".wma"}
)


def inspect(path: Path, names: Iterable[str]) -> Facts | None:
    """Decode a file.

    Args:
        path: the file. Its name does not matter.
        names: the names that it will have. If one has the suffix of an audio format, it must contain audio.

    Returns:
        The facts; None for a format that this plugin does not decode.

    Raises:
        OutputRejected: it has the wrong content for its name, does not decode, or is shorter than its header says.
    """
    suffixes = {PurePosixPath(name).suffix.lower() for name in names}
    with opened(path) as window:
        kind = kind_of(window, is_called_mp3=".mp3" in suffixes)
        match kind:
            case Kind.WAV:
                return wav.inspect(window, path)
            case Kind.FLAC:
                return flac.inspect(path)
            case Kind.MP3:
                return mp3.inspect(window)
            case Kind.OTHER_AUDIO:
                return None
        _refuse_misnamed(window, suffixes)
    return None


def _refuse_misnamed(window: Window, suffixes: set[str]) -> None:
    """Refuse content that is not known audio if the name is that of an audio file.

    Raises:
        OutputRejected: the suffix is that of WAV, MP3 or FLAC, or of other audio and the file contains text.
    """
    misleading = suffixes & _DECODED or (suffixes & _OTHER_AUDIO if looks_like_text(window) else set())
    if misleading:
        raise OutputRejected(
            f"it is named {min(misleading)} and contains {describe(window)}",
            hint="look at the output in the account; the next apply downloads it again",
        )
