"""The promises of a storage, on file systems that keep few."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhsync.testing import Opener, StorageConformance


class TestMemory(StorageConformance):
    @pytest.fixture
    def opener(self, memory_url: str) -> Opener:
        paths = str(Path(__file__).parent / "support")
        return Opener("process_memory:open_memory", (memory_url, {}), {"PYTHONPATH": paths})

    # Memory goes with its process: what another one writes is never seen here.
    test_a_kill_at_any_moment_leaves_a_whole_file = None


class TestFile(StorageConformance):
    versions_settle = True

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return Opener("mhsync_fsspec.plugin:open_storage", (f"fsspec+file://{tmp_path}/audio", {}))


class TestNasty(StorageConformance):
    @pytest.fixture
    def opener(self, place) -> Opener:
        return place.opener
