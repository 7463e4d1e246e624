"""The SHA-256 of a stream, computed in a second thread behind the first bytes, while more bytes are received."""

from __future__ import annotations

import hashlib
import queue
import threading

_INLINE = 4 * 1024 * 1024
"""Bytes of one body that are hashed in the calling thread: for a small file, a thread costs more than it saves."""
_QUEUED = 4
"""Pieces that may wait for the second thread: this limits the memory."""


class StreamDigest:
    """Hashes pieces in order. Used by one thread at a time.

    Args:
        digest: the digest to continue, of bytes that were received earlier.
        inline: bytes that are hashed in the calling thread, from the last `join` on.
    """

    def __init__(self, digest: hashlib._Hash | None = None, *, inline: int = _INLINE) -> None:
        self._digest = hashlib.sha256() if digest is None else digest
        self._inline = inline
        self._size = 0
        self._thread: threading.Thread | None = None
        self._pieces: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._free = threading.Semaphore(_QUEUED)

    def update(self, piece: bytes) -> None:
        """Add a piece, and wait while too many others have not been hashed yet."""
        if self._thread is None:
            self._size += len(piece)
            if self._size <= self._inline:
                self._digest.update(piece)
                return
            self._thread = threading.Thread(target=self._run, name="mhsync-sha256", daemon=True)
            self._thread.start()
        self._free.acquire()
        self._pieces.put(piece)

    def join(self) -> None:
        """Wait until all pieces are hashed, and end the second thread; a later `update` may start another one."""
        if self._thread is not None:
            self._pieces.put(None)
            self._thread.join()
            self._thread = None
        self._size = 0

    def hexdigest(self) -> str:
        """The checksum of all pieces."""
        self.join()
        return self._digest.hexdigest()

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            self._digest.update(piece)
            self._free.release()
