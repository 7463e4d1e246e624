"""The servers of these tests. Each has an address, options and an environment for a storage on it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any, Self

import boto3
import pytest
from botocore.config import Config
from cloud_ceph import ACCESS, SECRET, Ceph
from cloud_processes import Daemon, free_port, wait_for_port

from mhsync.testing import Opener

PAGE = 25
"""Entries on a page of a listing, for servers that have such an option."""
BUCKET = "mhsync-tests"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The public key of Azurite."""


@dataclass(frozen=True)
class Cloud:
    """A running server with one bucket."""

    scheme: str
    endpoint: str
    environment: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.endpoint.removeprefix("http://").partition("/")[0].rpartition(":")[2])

    @property
    def factory(self) -> str:
        return f"mhsync_cloud.plugin:open_{self.scheme}"

    def options_at(self, port: int, **more: Any) -> dict[str, Any]:
        """The options for a port: the server's own, or that of a proxy."""
        return {**self.options, "endpoint": self.endpoint.replace(f":{self.port}", f":{port}"), **more}

    def entered(self, monkeypatch: pytest.MonkeyPatch) -> Self:
        """Set the environment for one test."""
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        return self

    def opener(self, prefix: str, **more: Any) -> Opener:
        options = self.options_at(self.port, **more)
        return Opener(self.factory, (f"{self.scheme}://{BUCKET}/{prefix}", options), self.environment)


def s3_client(endpoint: str, access: str, secret: str) -> Any:
    """A client of another library, boto3."""
    return boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=access, aws_secret_access_key=secret,
        region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


@contextmanager
def moto(folder: Path) -> Iterator[Cloud]:
    """A fake of S3. It checks neither keys nor checksums."""
    with _fake("moto", folder) as url:
        s3_client(url, "any", "key").create_bucket(Bucket=BUCKET)
        environment = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "key", "AWS_REGION": "us-east-1"}
        yield Cloud("s3", url, environment)


@contextmanager
def fake_gs(folder: Path) -> Iterator[Cloud]:
    """A fake of the XML protocol of Google; see `cloud_fake`."""
    with _fake("gs", folder) as url:
        s3_client(url, "any", "key").create_bucket(Bucket=BUCKET)
        yield Cloud("gs", url, {"GOOGLE_BEARER_TOKEN": "any-token"})


@contextmanager
def _fake(kind: str, folder: Path) -> Iterator[str]:
    port = free_port()
    program = Path(__file__).with_name("cloud_fake.py")
    environment = {**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)}
    daemon = Daemon([sys.executable, str(program), kind, str(port)], folder / f"{kind}.log", environment)
    try:
        wait_for_port(port, daemon)
        yield f"http://127.0.0.1:{port}"
    finally:
        daemon.stop()


@contextmanager
def ceph(folder: Path) -> Iterator[Cloud]:
    with Ceph(folder, PAGE) as cluster:
        s3_client(cluster.url, ACCESS, SECRET).create_bucket(Bucket=BUCKET)
        environment = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
        yield Cloud("s3", cluster.url, environment)


@contextmanager
def rclone_s3(folder: Path) -> Iterator[Cloud]:
    """S3 by `rclone serve s3`, which responds to a range request with 200.

    Raises:
        FileNotFoundError: it is not installed.
    """
    program = _installed("bin/rclone")
    (folder / "data" / BUCKET).mkdir(parents=True)
    port = free_port()
    daemon = Daemon(
        [
            program, "serve", "s3", "--config", "", "--auth-key", f"{ACCESS},{SECRET}",
            "--addr", f"127.0.0.1:{port}", str(folder / "data"),
        ],
        folder / "rclone.log",
    )  # fmt: skip
    try:
        wait_for_port(port, daemon)
        environment = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}
        yield Cloud("s3", f"http://127.0.0.1:{port}", environment)
    finally:
        daemon.stop()


def _installed(program: str) -> str:
    """A program that `tools/install-servers` installed in build/servers, or in the folder `MHSYNC_SERVERS`."""
    found = Path(os.environ.get("MHSYNC_SERVERS") or "build/servers").absolute() / program
    if not found.is_file():
        raise FileNotFoundError(f"{found} is not installed: run tools/install-servers")
    return str(found)


@contextmanager
def azurite(folder: Path) -> Iterator[Cloud]:
    """The emulator of Microsoft, from npm.

    Raises:
        FileNotFoundError: it is not installed.
    """
    port = free_port()
    daemon = Daemon(
        [
            _azurite_program(), "--inMemoryPersistence", "--blobHost", "127.0.0.1", "--blobPort", str(port),
            "--disableTelemetry",
        ],
        folder / "azurite.log",
    )  # fmt: skip
    try:
        wait_for_port(port, daemon)
        endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
        _make_container(endpoint)
        yield Cloud("az", endpoint, {"AZURE_STORAGE_ACCOUNT_KEY": KEY}, {"account": ACCOUNT})
    finally:
        daemon.stop()


def _azurite_program() -> str:
    modules = Path(os.environ.get("MHSYNC_NODE_MODULES") or "node_modules").absolute()
    found = shutil.which("azurite-blob", path=str(modules / ".bin")) or shutil.which("azurite-blob")
    if found is None:
        raise FileNotFoundError(
            "azurite-blob is not installed: npm install azurite@3.35.0, and set MHSYNC_NODE_MODULES to node_modules"
        )
    return found


def _make_container(endpoint: str) -> None:
    date, version = formatdate(usegmt=True), "2021-08-06"
    text = (
        "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{version}\n"
        f"/{ACCOUNT}/{ACCOUNT}/{BUCKET}\nrestype:container"
    )
    digest = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
    headers = {
        "x-ms-date": date,
        "x-ms-version": version,
        "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}",
    }
    request = urllib.request.Request(f"{endpoint}/{BUCKET}?restype=container", method="PUT", headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(request, timeout=10).close()
