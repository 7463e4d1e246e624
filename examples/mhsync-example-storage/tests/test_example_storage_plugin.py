"""The example passes the conformance suite, and refuses invalid URLs, options and files."""

from __future__ import annotations

from pathlib import Path

import pytest
from mhsync_example_storage.plugin import open_storage

from mhsync import StorageError, UsageError
from mhsync.testing import Opener, StorageConformance


class TestSqliteStorage(StorageConformance):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return Opener("mhsync_example_storage.plugin:open_storage", (f"sqlite://{tmp_path}/new/outputs.db", {}))


def test_reading_does_not_create_the_file(tmp_path: Path) -> None:
    storage = open_storage(f"sqlite://{tmp_path}/new/outputs.db", {})
    assert list(storage.list()) == []
    storage.remove("a.wav")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite://host/outputs.db", "sqlite:///", "sqlite://", "sqlite:///a.db?mode=ro"])
def test_a_url_that_does_not_name_a_file_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="does not name a file"):
        open_storage(url, {})


def test_an_option_is_refused() -> None:
    with pytest.raises(UsageError, match="no storage option 'region'"):
        open_storage("sqlite:///outputs.db", {"region": "eu"})


def test_a_file_that_is_not_a_database_is_reported_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "outputs.db").write_text("something else " * 100)
    with pytest.raises(StorageError, match="not a database") as failed:
        list(open_storage(f"sqlite://{tmp_path}/outputs.db", {}).list())
    assert "\n" not in failed.value.message
