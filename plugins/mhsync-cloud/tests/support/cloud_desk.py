"""mhsync from end to end on a cloud: the server is named by an option, so a proxy in front of it is too."""

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
    """The same desk, whose manifest names the server at the port of the day."""

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
    """A subclass gives the fixture `cloud`, whose environment is set."""

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
    """A subclass gives the fixture `cloud`, whose environment is set."""

    desk = CloudEndToEnd.desk
