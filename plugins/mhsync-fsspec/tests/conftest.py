"""Fixtures of the mhsync-fsspec tests: file systems, each with its own folder."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path[:0] = [
    str(Path(__file__).parent / "support"),
    # The suite that runs mhsync end to end belongs to mhsync-sftp.
    str(Path(__file__).parents[2] / "mhsync-sftp/tests/support"),
]

import faulty  # noqa: E402
from server_process import Servers  # noqa: E402

from mhsync.testing import Opener  # noqa: E402


@dataclass(frozen=True)
class Place:
    """One storage: its URL, and the folder with its files on this machine."""

    url: str
    folder: Path

    @property
    def opener(self) -> Opener:
        paths = str(Path(__file__).parent / "support")
        return Opener("faulty:open_faulty", (self.url, {}), {"PYTHONPATH": paths})


@pytest.fixture(params=["faulty", "faultymv"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A storage on a file system that can only copy, and on one whose rename copies and removes."""
    faulty.register()
    faulty.FAULTS.inject()
    faulty.FAULTS.done.clear()
    folder = tmp_path / "audio"
    return Place(f"fsspec+{request.param}://{folder}", folder)


@pytest.fixture
def memory_url() -> str:
    """A new folder in the memory of fsspec, which the whole process shares."""
    return f"fsspec+memory://mhsync-{uuid.uuid4().hex}/audio"


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with Servers() as started:
        yield started
