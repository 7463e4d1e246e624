"""Azure as Microsoft's own emulator serves it: a storage's promises, and mhsync from end to end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cloud_desk import CloudEndToEnd
from cloud_servers import Cloud, azurite

from mhsync.testing import Opener, StorageConformance

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with azurite(tmp_path_factory.mktemp("azurite")) as cloud:
        yield cloud


@pytest.fixture
def cloud(server: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    return server.entered(monkeypatch)


class TestAzurite(StorageConformance):
    @pytest.fixture
    def opener(self, cloud: Cloud, prefix: str) -> Opener:
        return cloud.opener(prefix)


class TestEndToEnd(CloudEndToEnd):
    pass
