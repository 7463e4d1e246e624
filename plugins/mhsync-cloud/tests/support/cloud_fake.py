"""The fast fake, as a process: `python cloud_fake.py moto|gs PORT`.

Google Cloud Storage speaks two protocols; obstore uses the XML one, whose requests are those of S3 but for a few
names. No server that pip installs speaks it, so moto does, with those names mended on the way: what obstore's
client for Google does is tried for real, what Google's servers do is not.
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
"""Google's client escapes more than moto undoes."""
_S3 = "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request"


def as_google(application: Application) -> Application:
    """The application under Google's names: a copy's header, and a 404 for what is not there to be deleted."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        renamed = {_NAMES.get(name, name): value for name, value in environ.items()}
        for name in _ENCODED & renamed.keys():
            path, question, query = renamed[name].partition("?")
            renamed[name] = quote(unquote(path), safe="/~") + question + query
        if renamed.get("HTTP_AUTHORIZATION", "").startswith("Bearer "):
            renamed["HTTP_AUTHORIZATION"] = _S3
        if environ["REQUEST_METHOD"] == "DELETE" and "uploadId" not in environ.get("QUERY_STRING", ""):
            statuses: list[str] = []
            look = {**renamed, "REQUEST_METHOD": "HEAD"}
            list(application(look, lambda status, headers, error=None: statuses.append(status)))
            if statuses[0].startswith("404"):
                start(f"404 {HTTPStatus.NOT_FOUND.phrase}", [("Content-Length", "0")])
                return [b""]
        return application(renamed, start)

    return answer


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
