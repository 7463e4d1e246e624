"""The entry of the `mhsync` script and of `python -m mhsync`."""

from __future__ import annotations

import sys

if __name__ == "__main__" and __spec__ is not None and not sys.flags.safe_path:
    # `python -m` puts the current folder in front of sys.path. A plugin or a module in it is not installed: it may
    # come with a manifest of another user. Keep this before every other import.
    del sys.path[0]


def main() -> int:
    """Run one command with the arguments of this process; the exit code."""
    import gc

    from mhsync.cli.main import run

    code = run(sys.argv[1:])
    # The process ends: the garbage collector need not visit every object once more.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
