"""What to run to install one of mhsync's own packages: in one place, for messages of mhsync and of its plugins."""

from __future__ import annotations

PUBLISHED = False
"""Whether the packages are on the package index. The release that publishes them turns it.

Until then the names are free there: a third party could register them, and `pip install` of a name would run its
code. So messages and documents name folders of a checkout.
"""


def install_command(distribution: str, extra: str = "", *, shortcut: str = "") -> str:
    """The command that installs a package of mhsync into the environment of mhsync.

    Args:
        distribution: its name, such as `mhsync-cloud`.
        extra: an extra of the package itself, such as `aws`.
        shortcut: the extra of `mhsync` that installs it, once published.
    """
    whole = f"{distribution}[{extra}]" if extra else distribution
    if PUBLISHED:
        name = f"mhsync[{shortcut}]" if shortcut and not extra else whole
        return f"pip install '{name}'"
    return f"pip install './plugins/{whole}'" if extra else f"pip install ./plugins/{whole}"


def install_place() -> str:
    """Where to run the command, to follow it in a hint."""
    return "install it where mhsync is installed" if PUBLISHED else "run this in a checkout of mhsync"
