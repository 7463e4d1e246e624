"""Sightings in a storage: safe names, merged writes, and no write that is not needed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mhsync.core.layout import SIGHTINGS
from mhsync.core.sighting import Sighting
from mhsync.errors import SightingInvalid, StorageError
from mhsync.storage.files import TemporaryFile
from mhsync.storage.local import LocalStorage
from mhsync.storage.sightings import Sightings, sighted_id, sighting_path
from mhsync.testing.content import get, paths, put

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
LIMIT = 10_000


def event(name: str, seconds: float, id: str = "clx1") -> Sighting:
    return Sighting.of_event(name, {"id": id}, START + timedelta(seconds=seconds))


STARTED, COMPLETED = event("audio.started", 0), event("audio.completed", 20)


class Counting(LocalStorage):
    writes = 0
    opens = 0
    flushed: tuple[str, ...] = ()

    def write(self, path: str) -> AbstractContextManager[TemporaryFile]:
        self.writes += 1
        return super().write(path)

    def open(self, path: str):
        self.opens += 1
        return super().open(path)

    def flush(self, path: str) -> None:
        self.flushed = (*self.flushed, path)
        super().flush(path)


@pytest.fixture
def storage(tmp_path: Path) -> Counting:
    return Counting(tmp_path)


@pytest.fixture
def sightings(storage: Counting) -> Sightings:
    return Sightings(storage, limit=LIMIT)


def test_what_is_recorded_is_read_back_and_listed(storage, sightings):
    assert sightings.read("clx1") is None
    assert sightings.record(COMPLETED)
    assert sightings.record(STARTED)
    assert sightings.read("clx1") == STARTED.merged(COMPLETED)
    assert list(sightings.ids()) == ["clx1"]
    assert paths(storage) == [".mhsync/inbox/clx1.json"]


def test_ids_are_listed_without_reading_a_file(storage, sightings):
    for id in ("one", "ONE", "con"):
        sightings.record(event("audio.started", 0, id))
    put(storage, f"{SIGHTINGS}not an id.json", b"{}")
    put(storage, f"{SIGHTINGS}deeper/one.json", b"{}")
    storage.opens = 0
    assert sorted(sightings.ids()) == ["ONE", "con", "one"]
    assert storage.opens == 0


def test_a_repeated_delivery_writes_nothing_and_is_durable(storage, sightings):
    sightings.record(COMPLETED)
    storage.writes, storage.flushed = 0, ()
    assert not sightings.record(COMPLETED)
    assert storage.writes == 0
    assert storage.flushed == (sighting_path("clx1"),)


def test_an_id_that_leaves_the_folder_has_no_path():
    for id in ("../up", "a/b", "", "a.b"):
        with pytest.raises(ValueError, match="not an id"):
            sighting_path(id)
    assert sighted_id(f"{SIGHTINGS}../up.json") is None
    assert sighted_id(".mhsync/receipts/clx1.json") is None


@pytest.mark.parametrize("data", [b"", b"{", b"null", b"[]", b'{"version": 1}', b" " * (LIMIT + 1)])
def test_a_damaged_file_is_reported_and_replaced_by_the_next_event(storage, sightings, data):
    put(storage, sighting_path("clx1"), data)
    with pytest.raises(SightingInvalid) as caught:
        sightings.read("clx1")
    assert caught.value.hint
    assert sightings.record(STARTED)
    assert sightings.read("clx1") == STARTED


def test_a_file_of_a_newer_version_is_kept(storage, sightings):
    data = b'{"version": 2, "id": "clx1", "new": true}'
    put(storage, sighting_path("clx1"), data)
    assert not sightings.record(STARTED)
    assert get(storage, sighting_path("clx1")) == data


def test_threads_lose_no_event(storage, sightings):
    events = [event(name, seconds) for seconds in range(20) for name in ("audio.started", "audio.completed")]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sightings.record, events))
    found = sightings.read("clx1")
    assert found is not None
    assert (found.first_seen, found.last_seen) == (START, START + timedelta(seconds=19))
    assert (found.event, found.event_at) == ("audio.completed", START + timedelta(seconds=19))


class Meddling(LocalStorage):
    """Another process replaces the file right after each of the first writes."""

    turns = 1

    @contextmanager
    def write(self, path: str):
        with super().write(path) as writer:
            yield writer
        if self.turns and not threading.current_thread().name.startswith("other"):
            self.turns -= 1
            thread = threading.Thread(target=self._replace, args=(path,), name="other")
            thread.start()
            thread.join()

    def _replace(self, path: str) -> None:
        from mhsync.storage.documents import document_bytes

        put(LocalStorage(self.folder), path, document_bytes(STARTED.to_json()))


def test_a_final_event_that_another_process_replaced_is_written_again(tmp_path):
    sightings = Sightings(Meddling(tmp_path), limit=LIMIT)
    assert sightings.record(COMPLETED)
    found = sightings.read("clx1")
    assert found is not None
    assert (found.event, found.first_seen) == ("audio.completed", START)


def test_a_file_that_is_replaced_again_and_again_ends_in_an_error(tmp_path):
    storage = Meddling(tmp_path)
    storage.turns = 1000
    with pytest.raises(StorageError, match="keep replacing"):
        Sightings(storage, limit=LIMIT).record(COMPLETED)


def test_a_write_that_fails_is_an_error(tmp_path, sightings):
    (tmp_path / ".mhsync").write_text("in the way")
    with pytest.raises(StorageError):
        sightings.record(STARTED)
