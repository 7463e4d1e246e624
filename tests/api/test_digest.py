"""The checksum of a stream: exact whatever thread computed it, with bounded memory and no thread left."""

from __future__ import annotations

import hashlib
import threading
import time

import pytest

from mhsync.api.digest import StreamDigest

PIECES = [bytes([n % 256]) * (1 + n * 37 % 5000) for n in range(200)]


def digest_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "mhsync-sha256"]


@pytest.mark.parametrize("inline", [0, 1, 5000, 100_000_000])
def test_the_checksum_is_that_of_all_pieces_in_order(inline):
    digest = StreamDigest(inline=inline)
    for piece in PIECES:
        digest.update(piece)

    assert digest.hexdigest() == hashlib.sha256(b"".join(PIECES)).hexdigest()
    assert digest_threads() == []


def test_a_digest_continues_after_it_was_read_and_after_earlier_bytes():
    digest = StreamDigest(hashlib.sha256(b"earlier"), inline=100)
    expected = hashlib.sha256(b"earlier")
    for piece in PIECES:
        digest.update(piece)
        expected.update(piece)
        assert digest.hexdigest() == expected.hexdigest()


def test_a_small_body_starts_no_thread():
    digest = StreamDigest(inline=4096)
    digest.update(b"x" * 4096)

    assert digest_threads() == []
    digest.update(b"x")
    assert len(digest_threads()) == 1
    digest.join()
    assert digest_threads() == []


class BlockedDigest:
    """Counts the pieces that were hashed, and waits for permission before each."""

    def __init__(self) -> None:
        self.permits = threading.Semaphore(0)
        self.pieces = 0

    def update(self, piece: bytes) -> None:
        self.permits.acquire()
        self.pieces += 1


def test_the_number_of_pieces_that_wait_is_limited():
    blocked = BlockedDigest()
    digest = StreamDigest(blocked, inline=0)
    added: list[int] = []

    def add() -> None:
        for number in range(20):
            digest.update(b"x")
            added.append(number)

    adding = threading.Thread(target=add)
    adding.start()
    until = time.monotonic() + 30
    while len(added) < 4 and time.monotonic() < until:
        adding.join(0.01)
    adding.join(0.2)
    assert len(added) == 4, "the fifth piece waits for the first one"
    blocked.permits.release(20)
    adding.join(60)
    digest.join()
    assert blocked.pieces == 20
