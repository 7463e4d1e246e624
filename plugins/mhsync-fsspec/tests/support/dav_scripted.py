"""A WebDAV server on loopback that sends the responses of a test."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

FILE = "<resourcetype/><getcontentlength>3</getcontentlength>"
FOLDER = "<resourcetype><collection/></resourcetype>"
GOOD = "<status>HTTP/1.1 200 OK</status>"


def response(href: str, properties: str, status: str = GOOD) -> str:
    """The XML of one resource in a listing."""
    return f"<response><href>{href}</href><propstat><prop>{properties}</prop>{status}</propstat></response>"


class ScriptedServer(ThreadingHTTPServer):
    """Sends the response that `answers` has for `METHOD path`, and 404 for all others."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, Mapping[str, str], str]] = {}
        self.asked: list[str] = []

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        """A server that runs until the block ends."""
        with cls() as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield server
            finally:
                server.shutdown()
                thread.join(10)

    def listing(self, path: str, *responses: str, headers: Mapping[str, str] | None = None) -> None:
        """Answer a PROPFIND of the path with these resources."""
        body = f'<multistatus xmlns="DAV:">{"".join(responses)}</multistatus>'
        self.answers[f"PROPFIND {path}"] = (207, headers or {}, body)


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedServer

    def do_PROPFIND(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = f"{self.command} {self.path}"
        self.server.asked.append(request)
        status, headers, body = self.server.answers.get(request, (404, {}, ""))
        # Not `send_response`, which adds a Date header.
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body.encode()))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_PROPFIND

    def log_message(self, *_: object) -> None:
        """Do not log."""
