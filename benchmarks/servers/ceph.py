"""Ceph's S3 on loopback: the cluster of one node that the tests of `mhsync-cloud` use."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.servers.processes import ServerMissing, require
from benchmarks.workspace import empty_folder

_SUPPORT = Path(__file__).parents[2] / "plugins" / "mhsync-cloud" / "tests" / "support"
BUCKET = "benchmarks"


@dataclass(frozen=True, slots=True)
class S3:
    """A running server. Its bucket is `BUCKET`."""

    endpoint: str
    access: str
    secret: str
    rclone: str
    """The path of rclone."""

    @property
    def env(self) -> dict[str, str]:
        """The credentials, for mhsync and for rclone's remote `bench:`."""
        return {
            "AWS_ACCESS_KEY_ID": self.access,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": "us-east-1",
            "MHSYNC_CLOUD_ENDPOINTS": "127.0.0.1",
            "RCLONE_CONFIG": "",
            "RCLONE_CONFIG_BENCH_TYPE": "s3",
            "RCLONE_CONFIG_BENCH_PROVIDER": "Ceph",
            "RCLONE_CONFIG_BENCH_ENDPOINT": self.endpoint,
            "RCLONE_CONFIG_BENCH_ACCESS_KEY_ID": self.access,
            "RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY": self.secret,
        }

    @property
    def manifest_head(self) -> str:
        """The top of a manifest whose storage is in this bucket."""
        return f"storage: s3://{BUCKET}/storage\nstorage_options: {{endpoint: '{self.endpoint}'}}\n"


@contextmanager
def ceph(folder: Path) -> Iterator[S3]:
    """Run the server.

    Raises:
        ServerMissing: a program is not installed.
    """
    rclone = require("rclone", "rclone")
    sys.path.insert(0, str(_SUPPORT))
    try:
        support: Any = importlib.import_module("cloud_ceph")
    finally:
        sys.path.remove(str(_SUPPORT))
    try:
        cluster = support.Ceph(empty_folder(folder))
    except FileNotFoundError as error:
        raise ServerMissing(str(error)) from None
    with cluster:
        yield S3(cluster.url, support.ACCESS, support.SECRET, rclone)
