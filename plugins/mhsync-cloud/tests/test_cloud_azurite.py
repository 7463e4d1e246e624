"""Azure, with the emulator of Microsoft: the conformance suite, and mhsync from end to end."""

from __future__ import annotations

import re
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
    def test_a_listing_of_more_than_one_page_is_complete(self, cloud: Cloud, prefix: str) -> None:
        """A page has 5,000 entries. obstore cannot request fewer."""
        storage = cloud.opener(prefix).open()
        names = [f"{number:05}.json" for number in range(5010)]
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda name: put(storage, name, b"x"), names))
        assert paths(storage) == names


class TestVersions:
    def test_the_version_is_the_etag_in_list_and_stat(self, cloud: Cloud, prefix: str) -> None:
        storage = cloud.opener(prefix).open()
        put(storage, "a.wav", b"x")
        (listed,) = storage.list()
        assert listed == storage.stat("a.wav")
        assert re.fullmatch(r"0x[0-9A-F]+", str(listed.version))


class TestEndToEnd(CloudEndToEnd):
    pass
