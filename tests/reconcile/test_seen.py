"""Sighted projects of several storages, and the import into them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mhsync.core.manifest import Manifest, ManifestFile
from mhsync.core.sighting import Sighting
from mhsync.errors import Interrupted, UsageError
from mhsync.hooks.manager import Hooks
from mhsync.reconcile.seen import import_sightings, list_seen
from mhsync.settings import Settings
from mhsync.storage.local import LocalStorage
from mhsync.storage.sightings import Sightings

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def manifest(tmp_path) -> Manifest:
    one = ManifestFile("a.yaml", str(tmp_path), "0" * 64, storage="one")
    return Manifest((one, replace(one, file="b.yaml", storage="two"), replace(one, file="c.yaml")))


def add(manifest: Manifest, *projects: dict[str, str], now: datetime = NOW, stop=lambda: False) -> tuple[str, ...]:
    hooks = Hooks.load(enabled=False)
    return import_sightings(hooks, manifest, projects, now, settings=Settings(), stop=stop)


def seen(manifest: Manifest) -> list[str]:
    hooks = Hooks.load(enabled=False)
    return list(list_seen(hooks, manifest, settings=Settings(), stop=lambda: False).ids)


def test_an_import_is_recorded_in_each_storage_once(tmp_path, manifest):
    assert add(manifest, {"id": "b"}, {"id": "a", "name": "A"}, {"id": "b", "status": "complete"}) == ("b", "a")
    for name in ("one", "two"):
        kept = Sightings(LocalStorage(tmp_path / name), limit=1000)
        assert sorted(kept.ids()) == ["a", "b"]
        assert kept.read("a") == Sighting("a", NOW, NOW, name="A")
        assert kept.read("b") == Sighting("b", NOW, NOW, status="complete")
    assert add(manifest, {"id": "a"}, now=NOW + timedelta(days=1)) == ()
    assert seen(manifest) == ["a", "b"]


def test_the_sightings_of_several_storages_are_merged_in_order_of_time(tmp_path, manifest):
    one, two = (Sightings(LocalStorage(tmp_path / name), limit=1000) for name in ("one", "two"))
    one.record(Sighting.of_event("audio.started", {"id": "late"}, NOW + timedelta(hours=1)))
    two.record(Sighting.of_event("audio.started", {"id": "early"}, NOW))
    one.record(Sighting.of_event("audio.completed", {"id": "both"}, NOW + timedelta(hours=2)))
    two.record(Sighting.of_event("audio.started", {"id": "both"}, NOW + timedelta(minutes=1)))
    assert seen(manifest) == ["early", "both", "late"]


def test_an_invalid_id_stops_the_whole_import(tmp_path, manifest):
    with pytest.raises(UsageError, match="'../up'"):
        add(manifest, {"id": "good"}, {"id": "../up"})
    assert seen(manifest) == []


def test_a_stop_request_is_reported(manifest):
    with pytest.raises(Interrupted):
        add(manifest, {"id": "a"}, stop=lambda: True)


def test_a_program_imports_and_lists_with_a_reconciler(manifest):
    from mhsync import Client, Reconciler, Seen

    client = Client("mhk_test", base_url="http://127.0.0.1:9")
    with Reconciler(client, Hooks.load(enabled=False)) as reconciler:
        assert reconciler.import_sightings(manifest, [{"id": "a"}, {"id": "b"}]) == ("a", "b")
        found = reconciler.seen(manifest)
    assert isinstance(found, Seen)
    assert found.ids == ("a", "b")
