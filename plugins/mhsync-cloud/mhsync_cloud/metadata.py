"""The service that gives a cloud machine its credentials: is there one at all?

Away from the cloud nobody answers there, and obstore would wait for each request until its own time is up.
"""

from __future__ import annotations

import socket

from mhsync import StorageUnavailable
from mhsync_cloud.place import Place


def must_answer(host: str, port: int, timeout: float, place: Place, looked: str) -> None:
    """Return when somebody listens there.

    Args:
        timeout: seconds.
        looked: where credentials were looked for in vain, in words.

    Raises:
        StorageUnavailable: nobody does: there are no credentials.
    """
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError:
        raise StorageUnavailable(
            f"there are no credentials for {place.url()}: none in {looked}, and this is no machine of that cloud",
            hint="set them there, or log in with the cloud's own tool",
        ) from None
