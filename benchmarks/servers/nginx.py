"""nginx as the API and as the download host: every id is a complete project with one output."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.servers.processes import free_port, require, serving

# The body of a project's details; `{id}` is replaced by the server. nginx needs no files for them.
DETAILS = (
    '{"id":"{id}","name":"Benchmark {id}","status":"complete","type":"VOICE_GENERATOR",'
    '"created_at":"2026-10-01T12:00:00.000Z","enabled":true,"credits_charged":10,'
    '"downloads":[{"url":"{base}/files/{id}/output.wav?signature=benchmark","expires_at":"2036-01-01T00:00:00.000Z"}],'
    '"error":null}'
)

_CONFIG = """
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    access_log {access_log};
    types {{ audio/wav wav; }}
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_requests 10000000;
    keepalive_timeout 120s;
    open_file_cache max=1000 inactive=60s;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location ~ ^/v1/audio-projects/([A-Za-z0-9_-]+)$ {{
            default_type application/json;
            return 200 '{details}';
        }}
        location /files/ {{
            root {files};
            rewrite ^ /output.wav break;
        }}
    }}
}}
"""


@contextmanager
def nginx(
    folder: Path, files: Path | None = None, *, port: int | None = None, is_logged: bool = False
) -> Iterator[str]:
    """Run nginx and give its address, which is the API's and the download host's.

    Args:
        folder: for its configuration and its log.
        files: the folder of `output.wav`, the body of every output. None where nothing is downloaded.
        port: a free one where it is None.
        is_logged: write a line for each request to `access.log` in `folder`.
    """
    program = require("nginx", "nginx")
    port = port or free_port()
    base = f"http://127.0.0.1:{port}"
    config = folder / "nginx.conf"
    config.write_text(
        _CONFIG.format(
            # Its worker reads the files of the run: as root it would change to a user that may not.
            user="user root;" if os.geteuid() == 0 else "",
            folder=folder,
            port=port,
            files=files or folder,
            access_log=folder / "access.log" if is_logged else "off",
            details=DETAILS.replace("{id}", "$1").replace("{base}", base),
        )
    )
    command = [program, "-p", str(folder), "-c", str(config), "-g", "daemon off;"]
    with serving(command, port, folder / "nginx.log"):
        yield base
