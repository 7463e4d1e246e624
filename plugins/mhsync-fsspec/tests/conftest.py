"""File systems for these tests, each on a folder of its own."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path[:0] = [
    str(Path(__file__).parent / "support"),
    # The suite that runs mhsync end to end is shared with the other storages.
    str(Path(__file__).parents[2] / "mhsync-sftp/tests/support"),
]

import nasty  # noqa: E402
from server_process import Servers  # noqa: E402

from mhsync.testing import Opener  # noqa: E402


@dataclass(frozen=True)
class Place:
    """One storage: its URL, and where its files are on this machine."""

    url: str
    folder: Path

    @property
    def opener(self) -> Opener:
        paths = str(Path(__file__).parent / "support")
        return Opener("nasty:open_nasty", (self.url, {}), {"PYTHONPATH": paths})


@pytest.fixture(params=["nasty", "nastymv"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A storage on a file system that can only copy, and on one that has a rename which is none."""
    nasty.register()
    nasty.MISDEEDS.expect()
    nasty.MISDEEDS.done.clear()
    folder = tmp_path / "audio"
    return Place(f"fsspec+{request.param}://{folder}", folder)


@pytest.fixture
def memory_url() -> str:
    """A folder of its own in fsspec's memory, which all of this process share."""
    return f"fsspec+memory://mhsync-{uuid.uuid4().hex}/audio"


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with Servers() as started:
        yield started
