"""The hook of mhsync-apprise."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from mhsync import MhsyncError, Notifier, hookimpl


@hookimpl
def mhsync_notifier_schemes() -> Mapping[str, Callable[[str, Mapping[str, Any]], Notifier]]:
    """Every scheme that no other plugin serves."""
    return {"*": open_target}


def open_target(url: str, options: Mapping[str, Any]) -> Notifier:
    """The notifier of an Apprise URL; nothing is sent yet.

    Args:
        url: as Apprise documents it, or several with commas between.
        options: none are known; what a service can be told stands in its URL.

    Raises:
        MhsyncError: Apprise does not understand the URL, or there are options.
    """
    if options:
        raise MhsyncError(
            f"an Apprise target has no option {min(options)!s:.40}: what it can be told is in its URL"
        )
    # Apprise takes a third of a second to load: only who notifies pays.
    from mhsync_apprise.link import run_link
    from mhsync_apprise.overheard import Overheard

    with Overheard():  # it logs while it loads, too
        from mhsync_apprise.notifier import AppriseNotifier
        from mhsync_apprise.services import open_services

    return AppriseNotifier(open_services(url), run_link(os.environ))
