"""S3 as Ceph serves it: a storage's promises, mhsync from end to end, and what is changed on its way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cloud_desk import CloudEndToEnd
from cloud_servers import PAGE, Cloud, ceph

from mhsync.testing import Opener, StorageConformance

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with ceph(tmp_path_factory.mktemp("ceph")) as cloud:
        yield cloud


@pytest.fixture
def cloud(server: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    return server.entered(monkeypatch)


class TestCeph(StorageConformance):
    many = 2 * PAGE + 10
    large = 40 * 1024 * 1024
    """More than one request of a download too."""

    @pytest.fixture
    def opener(self, cloud: Cloud, prefix: str) -> Opener:
        return cloud.opener(prefix)


class TestCephWithoutChecksums(StorageConformance):
    @pytest.fixture
    def opener(self, cloud: Cloud, prefix: str) -> Opener:
        return cloud.opener(prefix, checksum="none")


class TestEndToEnd(CloudEndToEnd):
    pass
