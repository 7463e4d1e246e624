"""The number of requests of a run, counted by a proxy in front of a fake server. The README has these figures."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from cloud_servers import BUCKET, Cloud
from cloud_wire import Reply, Request, Wire

from mhsync.testing import Account, Sandbox, SandboxProject, outputs_of

COUNT = 4
SETTLED = 2
"""The listing, and the receipt index."""
OF_A_RUN = 4
"""The receipt index, the listing, the check of the server, and the first file that is read back."""


def forward(port: int) -> Reply:
    """Forwards each request."""

    def reply(request: Request, client: socket.socket) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items() if name != "connection")
        head = f"{request.method} {request.target} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port)) as server:
            server.sendall(head.encode() + request.body)
            while data := server.recv(65536):
                client.sendall(data)

    return reply


@pytest.mark.parametrize(
    ("state", "outputs", "each", "more"),
    [("downloaded", 1, 6, 0), ("downloaded", 2, 10, 0), ("archived", 1, 12, 1)],
)
def test_requests_of_a_run(
    s3: Cloud, prefix: str, tmp_path: Path, state: str, outputs: int, each: int, more: int
) -> None:
    ids = [f"count-{number}" for number in range(COUNT)]
    projects = [SandboxProject(id, outputs=outputs_of(id, outputs, size=100_000)) for id in ids]
    with Sandbox(Account(projects)) as sandbox, Wire(forward(s3.port)) as wire:
        manifest = {
            "version": 1,
            "storage": f"s3://{BUCKET}/{prefix}",
            "storage_options": s3.options_at(wire.port),
            "policy": {"deletes": "allow"},
            "projects": [{"id": id, "state": state} for id in ids],
        }
        (tmp_path / "manifest.yaml").write_text(json.dumps(manifest))
        environment = {
            **os.environ, "MHSYNC_API_URL": sandbox.api_url, "MAGIC_HOUR_API_KEY": sandbox.key,
            "MHSYNC_PLUGINS": "mhsync-cloud",
        }  # fmt: skip
        command = [sys.executable, "-m", "mhsync", "apply", "manifest.yaml", "-q"]
        counts = []
        for _ in range(2):
            before = len(wire.requests)
            subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=120)
            counts.append(len(wire.requests) - before)
    first, second = counts
    assert each * COUNT < first <= each * COUNT + OF_A_RUN + more
    assert second <= SETTLED
