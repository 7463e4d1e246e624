"""The end-to-end tests for a cloud. Here the server, or a proxy in front of it, is in an option and not in the URL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud_servers import BUCKET, Cloud
from end_to_end import BriefEndToEnd, Desk, EndToEnd, Site, projects

from mhsync import Storage
from mhsync.testing import Account, Sandbox


class CloudDesk(Desk):
    """A `Desk` whose manifest has the current port in its options."""

    def __init__(self, folder: Path, site: Site, sandbox: Sandbox, cloud: Cloud) -> None:
        super().__init__(folder, site, sandbox)
        self._cloud = cloud

    def write(self) -> None:
        super().write()
        file = self.folder / "manifest.yaml"
        manifest = json.loads(file.read_text())
        manifest["storage_options"] = self._cloud.options_at(self.port)
        file.write_text(json.dumps(manifest, indent=1))


class CloudEndToEnd(EndToEnd):
    """A subclass has a fixture `cloud`, which sets the environment."""

    @pytest.fixture
    def desk(self, tmp_path: Path, cloud: Cloud, prefix: str) -> Iterator[Desk]:
        folder = tmp_path / "desk"
        folder.mkdir()

        def opened(url: str, options: dict[str, object]) -> Storage:
            return cloud.opener(prefix).open()

        site = Site(
            port=cloud.port,
            url=lambda port: f"{cloud.scheme}://{BUCKET}/{prefix}",
            open=opened,
            plugin="mhsync-cloud",
            environment=lambda port: dict(cloud.environment),
        )
        with Sandbox(Account(projects())) as sandbox:
            yield CloudDesk(folder, site, sandbox, cloud)


class BriefCloudEndToEnd(BriefEndToEnd):
    """A subclass has a fixture `cloud`, which sets the environment."""

    desk = CloudEndToEnd.desk
