"""Checks whether this machine has a metadata service, from which cloud machines get their credentials.

Other machines have none, and each request of obstore would wait for it until its timeout.
"""

from __future__ import annotations

import socket

from mhsync import StorageUnavailable
from mhsync_cloud.place import Place


def require_metadata_service(host: str, port: int, timeout: float, place: Place, searched: str) -> None:
    """Return if the metadata service accepts connections.

    Args:
        timeout: seconds.
        searched: where no credentials were found, for the message.

    Raises:
        StorageUnavailable: it does not, so there are no credentials.
    """
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError:
        raise StorageUnavailable(
            f"no credentials for {place.url()} were found in {searched}, and this machine has no metadata service",
            hint="set them there, or log in with the command-line tool of the cloud",
        ) from None
