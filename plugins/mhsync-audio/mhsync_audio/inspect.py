"""What a file is, by its content, and whether it is whole."""

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
        path: the file; what it is called does not matter.
        names: what it is going to be called: it must hold audio when one of them says so.

    Returns:
        What was found out; None of a format that is not decoded here.

    Raises:
        OutputRejected: it is not what it is called, does not decode, or is shorter than its header says.
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
    """Nothing in it is known: it passes only where its name promises nothing else.

    Raises:
        OutputRejected: it is called WAV, MP3 or FLAC, or is called another kind of audio and holds text.
    """
    promised = suffixes & _DECODED or (suffixes & _OTHER_AUDIO if looks_like_text(window) else set())
    if promised:
        raise OutputRejected(
            f"it is called {min(promised)} and holds {describe(window)}",
            hint="look at the output in the account; the next apply downloads it again",
        )
