"""Run one command from its arguments to its exit code."""

from __future__ import annotations

import io
from collections.abc import Sequence

from mhsync.cli.console import Console
from mhsync.cli.group import make_group


def run(args: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit code; it raises only SystemExit."""
    console = Console(args)
    for stream in (console.stdout, console.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = make_group().main(list(args), prog_name="mhsync", obj=console, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - each becomes a message and an exit code here
        from mhsync.cli.error_report import report_error

        return report_error(console, error)
