"""run: one command from its arguments to its exit code. The only place that ends a command."""

from __future__ import annotations

import io
from collections.abc import Sequence

from mhsync.cli.failure import tell_failure
from mhsync.cli.group import make_group
from mhsync.cli.voice import Voice


def run(args: Sequence[str]) -> int:
    """Run the command that the arguments name, and return its exit code; no exception leaves but SystemExit."""
    voice = Voice(args)
    for stream in (voice.out, voice.err):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = make_group().main(list(args), prog_name="mhsync", obj=voice, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt as error:
        return tell_failure(voice, error)
    except Exception as error:  # noqa: BLE001 - this is where every error becomes a line and an exit code
        return tell_failure(voice, error)
