"""The entry point of mhsync-apprise: the factory of every scheme that no other plugin serves."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mhsync import MhsyncError, Notifier


def open_target(url: str, options: Mapping[str, Any]) -> Notifier:
    """Open the notifier of an Apprise URL. Nothing is sent yet.

    Args:
        url: one URL as Apprise documents it, or several separated by commas.
        options: must be empty. A service reads its settings from its URL.

    Raises:
        MhsyncError: Apprise cannot parse the URL, or there are options.
    """
    if options:
        raise MhsyncError(f"an Apprise target has no option {min(options)!s:.40}: write settings into its URL")
    # Apprise takes a third of a second to import, so only a run that notifies imports it.
    from mhsync_apprise.link import run_link
    from mhsync_apprise.log_capture import log_capture

    with log_capture():  # Apprise also logs while it is imported
        from mhsync_apprise.notifier import AppriseNotifier
        from mhsync_apprise.services import open_services

    return AppriseNotifier(open_services(url), run_link(os.environ))
