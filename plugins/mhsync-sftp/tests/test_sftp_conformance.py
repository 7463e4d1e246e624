"""The conformance suite with two servers: one can replace a file in one step, the other cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mhsync.testing import Opener, StorageConformance


class TestSftp(StorageConformance):
    many = 250
    versions_settle = True

    @pytest.fixture
    def opener(self, place) -> Opener:
        return place.opener


class TestSftpWithoutReplace(StorageConformance):
    """A server that refuses to rename onto an existing file, and does not support `fsync`."""

    versions_settle = True

    @pytest.fixture
    def opener(self, new_place: Callable[..., object]) -> Opener:
        return new_place(extensions=()).opener
