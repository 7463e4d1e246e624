"""The fake servers, as a process: `python cloud_fake.py moto|gs PORT`.

Google Cloud Storage has two protocols. obstore uses the XML protocol, whose requests are those of S3 except for
some names. No server that pip installs supports it, so moto receives the requests with the names of S3. This tests
the client of obstore for Google, but not the servers of Google.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, run_simple

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_NAMES = {"HTTP_X_GOOG_COPY_SOURCE": "HTTP_X_AMZ_COPY_SOURCE"}
_ENCODED = {"RAW_URI", "REQUEST_URI", "HTTP_X_AMZ_COPY_SOURCE"}
"""The client for Google escapes more characters than moto decodes."""
_S3 = "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request"


def as_google(application: Application) -> Application:
    """The application with the names of Google: the header of a copy, and 404 for the DELETE of a missing object."""

    def respond(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        renamed = {_NAMES.get(name, name): value for name, value in environ.items()}
        for name in _ENCODED & renamed.keys():
            path, question, query = renamed[name].partition("?")
            renamed[name] = quote(unquote(path), safe="/~") + question + query
        if renamed.get("HTTP_AUTHORIZATION", "").startswith("Bearer "):
            renamed["HTTP_AUTHORIZATION"] = _S3
        if environ["REQUEST_METHOD"] == "DELETE" and "uploadId" not in environ.get("QUERY_STRING", ""):
            statuses: list[str] = []
            head = {**renamed, "REQUEST_METHOD": "HEAD"}
            list(application(head, lambda status, headers, error=None: statuses.append(status)))
            if statuses[0].startswith("404"):
                start(f"404 {HTTPStatus.NOT_FOUND.phrase}", [("Content-Length", "0")])
                return [b""]
        return application(renamed, start)

    return respond


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass


def main(kind: str, port: int) -> None:
    application: Application = DomainDispatcherApplication(create_backend_app)
    if kind == "gs":
        application = as_google(application)
    run_simple("127.0.0.1", port, application, threaded=True, request_handler=_Quiet)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
