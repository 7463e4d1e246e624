"""What the tests of the conformance suite share: the bounds of a backend, and the opened storage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from mhsync.storage.base import Storage
from mhsync.testing.opener import Opener


class ConformanceSetup:
    """The bounds and the fixtures that a subclass of the suite may replace."""

    large: ClassVar[int] = 11 * 1024 * 1024
    """Bytes: more than the backend sends in one request."""
    many: ClassVar[int] = 30
    """Files: more than the backend lists in one page."""
    longest: ClassVar[int] = 200
    """Bytes in one name of a path."""
    threads: ClassVar[int] = 8
    lock_seconds: ClassVar[float] = 20.0
    """Seconds that one try to take a lock may take."""
    kills: ClassVar[int] = 3
    """Moments at which the writing process is killed."""
    versions_settle: ClassVar[bool] = False
    """Whether a file gets its version some time after it was changed. Until then its version is None."""

    @pytest.fixture
    def opener(self) -> Opener:
        pytest.fail("a subclass of StorageConformance gives the fixture `opener`")

    @pytest.fixture
    def storage(self, opener: Opener) -> Iterator[Storage]:
        storage = opener.open()
        yield storage
        storage.close()
