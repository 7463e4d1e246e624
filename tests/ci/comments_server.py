"""A stand-in on loopback for the comments of a pull request (GitHub) and of a merge request (GitLab)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LIMIT = 65_536
"""GitHub refuses a longer body with 422."""
GITHUB = re.compile(r"/repos/owner/audio/issues/(?:7/comments|comments/(\d+))")
GITLAB = re.compile(r"/projects/42/merge_requests/7/notes(?:/(\d+))?")


@dataclass
class Comments:
    """The comments, and what was asked of the server."""

    bodies: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    is_broken: bool = False
    url: str = ""


@contextmanager
def comments_server() -> Iterator[Comments]:
    """Serve comments until the end of the block."""
    comments = Comments()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            size, page = int(query["per_page"][0]), int(query["page"][0])
            found = [{"id": number, "body": body} for number, body in enumerate(comments.bodies)]
            self._answer(200, found[size * (page - 1) : size * page])

        def do_POST(self) -> None:
            self._write(201)

        def do_PATCH(self) -> None:
            self._write(200)

        do_PUT = do_PATCH

        def _write(self, status: int) -> None:
            path = urlsplit(self.path).path
            match = GITHUB.fullmatch(path) or GITLAB.fullmatch(path)
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
            if match is None or len(body) > LIMIT:
                self._answer(404 if match is None else 422, {})
            elif match[1] is None:
                comments.bodies.append(body)
                self._answer(status, {})
            else:
                comments.bodies[int(match[1])] = body
                self._answer(status, {})

        def _answer(self, status: int, body: object) -> None:
            comments.calls.append(self.command)
            comments.tokens.add(self.headers["Authorization"] or self.headers["PRIVATE-TOKEN"])
            self.send_response(500 if comments.is_broken else status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        comments.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield comments
        finally:
            server.shutdown()
            thread.join()
