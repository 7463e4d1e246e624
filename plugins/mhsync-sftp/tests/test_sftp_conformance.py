"""The promises of a storage, against two servers: one that can replace a file in one step, and one that cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mhsync.testing import Opener, StorageConformance


class TestSftp(StorageConformance):
    many = 250

    @pytest.fixture
    def opener(self, place) -> Opener:
        return place.opener


class TestSftpWithoutReplace(StorageConformance):
    """A server that refuses to rename onto a name that is taken, and knows no `fsync`."""

    @pytest.fixture
    def opener(self, new_place: Callable[..., object]) -> Opener:
        return new_place(extensions=()).opener
