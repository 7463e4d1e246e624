"""The conformance suite, on file systems with few guarantees."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhsync.testing import Opener, StorageConformance


class TestMemory(StorageConformance):
    @pytest.fixture
    def opener(self, memory_url: str) -> Opener:
        paths = str(Path(__file__).parent / "support")
        return Opener("process_memory:open_memory", (memory_url, {}), {"PYTHONPATH": paths})

    # The memory of a process is not visible to another process.
    test_a_kill_at_any_moment_leaves_a_whole_file = None


class TestFile(StorageConformance):
    versions_settle = True

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return Opener("mhsync_fsspec.plugin:open_storage", (f"fsspec+file://{tmp_path}/audio", {}))


class TestFaulty(StorageConformance):
    @pytest.fixture
    def opener(self, place) -> Opener:
        return place.opener
