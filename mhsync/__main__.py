"""The entry of the `mhsync` script and of `python -m mhsync`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run one command with the arguments of this process; the exit code."""
    from mhsync.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
