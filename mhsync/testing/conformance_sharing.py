"""Conformance of shared use: threads, locks, and the receipts and sightings of mhsync."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from mhsync.core.layout import SIGHTINGS
from mhsync.core.receipt import Receipt
from mhsync.core.sighting import Sighting
from mhsync.errors import Locked
from mhsync.storage.base import Storage
from mhsync.storage.receipts import read_receipt, receipt_path, update_receipt
from mhsync.storage.sightings import Sightings, sighting_path
from mhsync.testing.conformance_setup import ConformanceSetup
from mhsync.testing.content import content, get, paths, put
from mhsync.testing.opener import Opener


class SharingConformance(ConformanceSetup):
    """Threads and processes can use one storage at the same time."""

    def test_many_threads_at_once(self, storage: Storage) -> None:
        started = threading.Barrier(self.threads)

        def work(number: int) -> None:
            started.wait(60)
            for turn in range(4):
                mine = f"own-{number}/{turn}.wav"
                put(storage, mine, content(5000, mine))
                assert get(storage, mine) == content(5000, mine)
                assert mine in paths(storage, f"own-{number}/")
                storage.copy(mine, f"shared/{number}-{turn}.wav")
                storage.remove(mine)
                assert storage.stat(mine) is None
                if turn % 2:
                    storage.remove(f"shared/{number}-{turn}.wav")

        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(work, range(self.threads)))
        assert paths(storage) == sorted(f"shared/{n}-{turn}.wav" for n in range(self.threads) for turn in (0, 2))

    def test_a_lock_is_released_at_the_end_of_its_block(self, storage: Storage) -> None:
        for _ in range(2):
            with storage.lock():
                storage.sweep()

    def test_a_lock_that_is_held_is_refused_at_once(self, storage: Storage, opener: Opener) -> None:
        """A storage that cannot lock lets both in; one that can raises `Locked` and does not wait."""
        other = opener.open()
        with storage.lock():
            begin = time.monotonic()
            with suppress(Locked), other.lock():
                pass
            assert time.monotonic() - begin < self.lock_seconds
        with other.lock():
            pass
        other.close()

    def test_receipts_are_kept_apart_whatever_the_case(self, storage: Storage) -> None:
        api, limit = "https://api.example.com", 1024 * 1024
        for id in ("abc", "ABC", "aBc", "con"):
            update_receipt(storage, id, api, lambda receipt: receipt, limit=limit)
        assert [read_receipt(storage, id, limit=limit) for id in ("abc", "ABC", "aBc", "con")] == [
            Receipt.start(id, api) for id in ("abc", "ABC", "aBc", "con")
        ]
        assert paths(storage, ".mhsync/receipts/") == sorted(
            receipt_path(id) for id in ("abc", "ABC", "aBc", "con")
        )
        assert read_receipt(storage, "other", limit=limit) is None

    def test_sightings_of_concurrent_deliveries_are_merged_and_listed(
        self, storage: Storage, opener: Opener
    ) -> None:
        """The inbox keeps projects in a storage: events arrive repeatedly, out of order, and at the same time."""
        limit, start = 64 * 1024, datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
        ids = ("abc", "ABC", "con", "clx7uu86w0a5qp55yxz315r6r")
        deliveries = (
            ("audio.completed", "complete", 20),
            ("audio.started", "rendering", 0),
            ("audio.started", "rendering", 30),
            ("audio.completed", "complete", 20),
        )
        events = [
            Sighting.of_event(event, {"id": id, "status": status}, start + timedelta(seconds=seconds))
            for id in ids
            for event, status, seconds in deliveries
        ]
        put(storage, "clx1/output.wav", b"x")
        sightings = Sightings(storage, limit=limit)
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(sightings.record, events))
        other = opener.open()
        found = Sightings(other, limit=limit)
        assert sorted(found.ids()) == sorted(ids)
        first, last, end = start, start + timedelta(seconds=30), start + timedelta(seconds=20)
        assert [found.read(id) for id in ids] == [
            Sighting(id, first, last, "audio.completed", end, status="complete") for id in ids
        ]
        assert found.read("other") is None
        assert paths(other, SIGHTINGS) == sorted(map(sighting_path, ids))
        other.close()
