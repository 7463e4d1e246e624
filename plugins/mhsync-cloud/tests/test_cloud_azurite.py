"""Azure as Microsoft's own emulator serves it: a storage's promises, and mhsync from end to end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from cloud_desk import CloudEndToEnd
from cloud_servers import Cloud, azurite

from mhsync.testing import Opener, StorageConformance
from mhsync.testing.content import paths, put

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


class TestManyPages:
    def test_a_listing_of_more_than_a_page_of_azure_is_whole(self, cloud: Cloud, prefix: str) -> None:
        """5000 are the most that it gives at once, and nobody can ask it for less from here."""
        storage = cloud.opener(prefix).open()
        names = [f"{number:05}.json" for number in range(5010)]
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda name: put(storage, name, b"x"), names))
        assert paths(storage) == names


class TestEndToEnd(CloudEndToEnd):
    pass
