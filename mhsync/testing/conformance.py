"""The storage conformance suite: subclass it, say how your storage is opened, and its promises are proved.

    class TestMyStorage(StorageConformance):
        @pytest.fixture
        def opener(self, tmp_path):
            return Opener("my_package:MyStorage", (f"mine://{tmp_path}",))

Each test gets a fresh, empty place: the fixture `opener` sees to that.
"""

from __future__ import annotations

from mhsync.testing.conformance_files import FileConformance
from mhsync.testing.conformance_sharing import SharingConformance
from mhsync.testing.conformance_writes import WriteConformance


class StorageConformance(WriteConformance, FileConformance, SharingConformance):
    """What every storage promises. A subclass gives the fixture `opener`, and bounds that fit its backend."""
