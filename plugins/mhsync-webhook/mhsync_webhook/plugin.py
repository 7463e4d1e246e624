"""The entry points of mhsync-webhook: the factory of `webhook+https`, and of `webhook+http` on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mhsync import Notifier


def open_webhook(url: str, options: Mapping[str, Any]) -> Notifier:
    """Open the notifier of a webhook. Nothing is sent yet.

    Args:
        url: the address to post to, prefixed with `webhook+`.
        options: `secret_env` and `authorization_env`, names of environment variables.

    Raises:
        MhsyncError: the URL is not valid, an option is unknown, or a variable is not set.
    """
    # urllib3 is slow to import, so only a run that notifies imports it.
    from mhsync_webhook.notifier import WebhookNotifier
    from mhsync_webhook.options import Options
    from mhsync_webhook.target import Target

    return WebhookNotifier(Target.parse(url), Options.read(options, os.environ), environ=os.environ)
