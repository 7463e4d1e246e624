"""A folder passes the conformance suite of storages."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhsync.testing import Opener, StorageConformance


class TestLocalStorage(StorageConformance):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return Opener("mhsync.storage.local:LocalStorage", (str(tmp_path / "new" / "folder"),))
