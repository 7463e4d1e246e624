"""Runs WsgiDAV: `python wsgidav_process.py FOLDER`, with its configuration in FOLDER."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cheroot import wsgi
from wsgidav.wsgidav_app import WsgiDAVApp


def main(folder: Path) -> None:
    config = json.loads((folder / "wsgidav.json").read_text())
    app = WsgiDAVApp(config)
    log = (folder / "access.log").open("a", buffering=1, encoding="utf-8", errors="replace")

    def logged(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        log.write(f"{environ['REQUEST_METHOD']} {path}\n")
        return app(environ, start_response)

    server = wsgi.Server((config["host"], config["port"]), logged, numthreads=16)
    server.start()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
