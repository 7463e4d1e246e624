"""S3, with `rclone serve s3`: it responds to range requests with 200, and stores files in a folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cloud_desk import BriefCloudEndToEnd
from cloud_servers import Cloud, rclone_s3

from mhsync.testing import Opener, StorageConformance

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with rclone_s3(tmp_path_factory.mktemp("rclone")) as cloud:
        yield cloud


@pytest.fixture
def cloud(server: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    return server.entered(monkeypatch)


class TestRclone(StorageConformance):
    @pytest.fixture
    def opener(self, cloud: Cloud, prefix: str) -> Opener:
        return cloud.opener(prefix)


class TestEndToEnd(BriefCloudEndToEnd):
    pass
