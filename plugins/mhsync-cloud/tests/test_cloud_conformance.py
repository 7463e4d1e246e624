"""The conformance suite with fake servers. Other files run it with real servers."""

from __future__ import annotations

import pytest
from cloud_servers import PAGE, Cloud

from mhsync.testing import Opener, StorageConformance


class TestFakeS3(StorageConformance):
    many = 2 * PAGE + 10

    @pytest.fixture
    def opener(self, s3: Cloud, prefix: str) -> Opener:
        return s3.opener(prefix)


class TestFakeS3WithoutPrefixInTheUrl(StorageConformance):
    """The prefix is in the option."""

    many = PAGE + 1

    @pytest.fixture
    def opener(self, s3: Cloud, prefix: str) -> Opener:
        return Opener(s3.factory, ("s3://mhsync-tests", s3.options_at(s3.port, prefix=prefix)), s3.environment)


class TestFakeGoogle(StorageConformance):
    many = 2 * PAGE + 10

    @pytest.fixture
    def opener(self, gs: Cloud, prefix: str) -> Opener:
        return gs.opener(prefix)
