"""MinimalStorage: the storage that docs/plugins.md prints passes the conformance suite."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest

from mhsync import StorageError
from mhsync.testing import Opener, StorageConformance

PAGE = Path(__file__).parents[2] / "docs/plugins.md"
MODULE = "minimal_storage_of_the_page"
LINES_MAX = 55


def printed_plugin() -> str:
    """The Python code below the heading of the smallest storage."""
    section = PAGE.read_text().split("## The smallest storage\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    return str(code)


@pytest.fixture(scope="module")
def factory(tmp_path_factory: pytest.TempPathFactory):
    """The factory by its name. Its module is a file, so that another process can import it too."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / f"{MODULE}.py").write_text(printed_plugin())
    sys.path.insert(0, str(folder))
    yield f"{MODULE}:SqliteStorage"
    sys.path.remove(str(folder))
    sys.modules.pop(MODULE, None)


def test_the_printed_plugin_is_short():
    code = [line for line in printed_plugin().splitlines() if line.strip()]
    assert len(code) <= LINES_MAX


def test_the_printed_plugin_serves_its_scheme():
    module = types.ModuleType(MODULE)
    exec(printed_plugin(), module.__dict__)
    assert module.mhsync_storage_schemes() == {"sqlite": module.SqliteStorage}
    assert hasattr(module.mhsync_storage_schemes, "mhsync_impl")


class TestThePrintedStorage(StorageConformance):
    @pytest.fixture
    def opener(self, factory: str, tmp_path: Path) -> Opener:
        return Opener(factory, (f"sqlite://{tmp_path}/files.db", {}))

    def test_reading_creates_no_file(self, opener: Opener, tmp_path: Path):
        storage = opener.open()
        assert list(storage.list()) == []
        assert storage.stat("a.wav") is None
        storage.remove("a.wav")
        assert list(tmp_path.iterdir()) == []

    def test_a_check_sees_the_bytes_before_they_are_stored(self, opener: Opener):
        storage = opener.open()
        assert storage.gives_local_files
        with storage.write("a.wav") as writer:
            writer.write(b"RIFF")
            writer.flush()
            assert writer.local_path.read_bytes() == b"RIFF"
            assert writer.local_path.suffix == ".wav"
        assert not writer.local_path.exists()

    def test_a_failed_put_removes_the_spool(self, opener: Opener, tmp_path: Path):
        storage = opener.open()
        (tmp_path / "files.db").mkdir()
        with pytest.raises(StorageError, match=r"files\.db"), storage.write("a.wav") as writer:
            writer.write(b"x")
        assert not writer.local_path.exists()
