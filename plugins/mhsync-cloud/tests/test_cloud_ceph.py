"""S3, with Ceph: the conformance suite, mhsync from end to end, and data that is changed during a transfer."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud_desk import CloudEndToEnd
from cloud_memory import BOUND, MIB, run, stream
from cloud_servers import BUCKET, PAGE, Cloud, ceph
from cloud_wire import Request, Wire
from mhsync_cloud.plugin import open_s3

from mhsync import StorageError
from mhsync.testing import Account, Opener, Sandbox, SandboxProject, StorageConformance, outputs_of
from mhsync.testing.content import content, paths, put

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with ceph(tmp_path_factory.mktemp("ceph")) as cloud:
        yield cloud


@pytest.fixture
def cloud(server: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    return server.entered(monkeypatch)


class TestCeph(StorageConformance):
    many = 2 * PAGE + 10
    large = 40 * 1024 * 1024
    """More than one request of a download."""

    @pytest.fixture
    def opener(self, cloud: Cloud, prefix: str) -> Opener:
        return cloud.opener(prefix)


class TestCephWithoutChecksums(StorageConformance):
    @pytest.fixture
    def opener(self, cloud: Cloud, prefix: str) -> Opener:
        return cloud.opener(prefix, checksum="none")


class TestEndToEnd(CloudEndToEnd):
    pass


class TestChangedData:
    """Ceph checks the checksum in the signature of each request, so it detects a flipped bit."""

    @pytest.fixture
    def flipping(self, cloud: Cloud) -> Iterator[Wire]:
        """Forwards requests. It changes the last byte of a body that is longer than a receipt."""

        def reply(request: Request, client: socket.socket) -> None:
            body = request.body[:-1] + bytes([request.body[-1] ^ 1]) if len(request.body) > 9000 else request.body
            lines = "".join(
                f"{name}: {value}\r\n" for name, value in request.headers.items() if name != "connection"
            )
            head = f"{request.method} {request.target} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n"
            with socket.create_connection(("127.0.0.1", cloud.port)) as server:
                server.sendall(head.encode() + body)
                while data := server.recv(65536):
                    client.sendall(data)

        with Wire(reply) as wire:
            yield wire

    @pytest.mark.parametrize("size", [10_000, 6 * 1024 * 1024])
    def test_changed_data_is_refused_and_no_file_becomes_visible(
        self, size: int, cloud: Cloud, flipping: Wire, prefix: str
    ) -> None:
        storage = open_s3(f"s3://{BUCKET}/{prefix}", cloud.options_at(flipping.port))
        put(storage, "small.wav", b"too short to be changed")
        with pytest.raises(StorageError, match="changed during the transfer"):
            put(storage, "a.wav", content(size))
        assert paths(cloud.opener(prefix).open()) == ["small.wav"]


class TestTwoGibibytes:
    SIZE = 2048 * MIB

    def test_the_memory_for_a_file_is_bounded(self, cloud: Cloud, prefix: str, tmp_path: Path) -> None:
        ran = stream(cloud.opener(prefix), self.SIZE, tmp_path, 600)
        assert ran.status == 0, ran.err
        assert 10 * MIB < ran.peak < BOUND

    def test_the_memory_of_mhsync_is_bounded(self, cloud: Cloud, prefix: str, tmp_path: Path) -> None:
        manifest = {
            "version": 1,
            "storage": f"s3://{BUCKET}/{prefix}",
            "storage_options": cloud.options_at(cloud.port),
            "projects": [{"id": "long"}],
        }
        (tmp_path / "manifest.yaml").write_text(json.dumps(manifest))
        project = SandboxProject("long", outputs=outputs_of("long", 1, size=self.SIZE))
        with Sandbox(Account([project])) as sandbox:
            environment = {
                **os.environ, "MHSYNC_API_URL": sandbox.api_url, "MAGIC_HOUR_API_KEY": sandbox.key,
                "MHSYNC_PLUGINS": "mhsync-cloud",
            }  # fmt: skip
            for command in ("apply", "verify"):
                ran = run([sys.executable, "-m", "mhsync", command, "manifest.yaml"], environment, tmp_path, 600)
                assert ran.status == 0, ran.err
                assert 10 * MIB < ran.peak < BOUND, command
        storage = cloud.opener(prefix).open()
        storage.remove("long/output.wav")
