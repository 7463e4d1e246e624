"""Records and plays cassettes: HTTP exchanges of the client, without secrets, replayed without a network.

vcr records the exchanges of our connections. Before it stores one, the key, the queries of URLs and all headers
that the client does not read are removed, ids and names are replaced, and audio is shortened.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import vcr
from vcr.stubs import VCRHTTPConnection, VCRHTTPSConnection

from mhsync.api import connection
from mhsync.api.client import BASE_URL, Client
from mhsync.core.redaction import without_query
from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.server import Sandbox
from tests.api.client_fixture import KEY, QUICK

FOLDER = Path(__file__).parent / "cassettes"
FILES_URL = "https://audio.magichour.ai"
AUDIO_BYTES = 2000
IDS = ("cassette-complete", "cassette-delete", "cassette-missing")
_KEPT_HEADERS = frozenset({"content-type", "content-length", "date", "retry-after", "location"})
_URL = re.compile(rb"https?://[^\s\"'\\<>]+")


class _Recorded:
    """Adds the query that the pool does not receive to the request, as `Connection.request` does."""

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        query = getattr(headers, "query", "")
        super().request(method, f"{url}?{query}" if query else url, body, headers)  # type: ignore[misc]


class RecordedHttp(_Recorded, VCRHTTPConnection, connection.Connection):
    _baseclass = connection.Connection
    is_multiplexed = False


class RecordedHttps(_Recorded, VCRHTTPSConnection, connection.SecureConnection):
    _baseclass = connection.SecureConnection
    is_multiplexed = False


@dataclass(frozen=True)
class RecordingSource:
    """The server to record from: the sandbox, or the real API with existing ids."""

    base_url: str
    key: str
    files_url: str
    ids: Mapping[str, str]
    """The ids for the names that the cassettes use."""


@contextmanager
def account() -> Iterator[RecordingSource]:
    where = os.environ.get("MHSYNC_RECORD", "")
    if where.startswith("https://"):
        ids = {name: os.environ.get(f"MHSYNC_{name.upper().replace('-', '_')}", name) for name in IDS}
        yield RecordingSource(where, os.environ["MAGIC_HOUR_API_KEY"], FILES_URL, ids)
        return
    projects = [SandboxProject(id, name="Cassette", outputs=outputs_of(id, size=AUDIO_BYTES)) for id in IDS[:2]]
    with Sandbox(Account(projects), key=KEY) as sandbox:
        yield RecordingSource(sandbox.api_url, sandbox.key, sandbox.files_url, {id: id for id in IDS})


@contextmanager
def played(name: str) -> Iterator[tuple[Client, Mapping[str, str]]]:
    """A client whose exchanges are played from the cassette, or recorded if `MHSYNC_RECORD` is set.

    Gives the client and, for each name of a project, the id to ask for.
    """
    path = FOLDER / f"{name}.yaml"
    with ExitStack() as stack:
        found = RecordingSource(BASE_URL, "mhk_played", FILES_URL, {id: id for id in IDS})
        if os.environ.get("MHSYNC_RECORD"):
            found = stack.enter_context(account())
            path.unlink(missing_ok=True)
        stack.enter_context(_recorder(found).use_cassette(str(path)))
        client = stack.enter_context(Client(found.key, base_url=found.base_url, settings=QUICK))
        yield client, found.ids


def _recorder(found: RecordingSource) -> vcr.VCR:
    scrubber = _Scrubber(found)
    return vcr.VCR(
        record_mode="all" if os.environ.get("MHSYNC_RECORD") else "none",
        match_on=["method", "uri"],
        before_record_request=scrubber.request,
        before_record_response=scrubber.response,
        custom_patches=(
            (connection.Pool, "ConnectionCls", RecordedHttp),
            (connection.SecurePool, "ConnectionCls", RecordedHttps),
        ),
    )


@dataclass(frozen=True)
class _Scrubber:
    account: RecordingSource

    def request(self, request: Any) -> Any:
        request.uri = self._url(request.uri)
        request.headers = {}
        request.body = None
        return request

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        headers = {k.title(): v for k, v in response["headers"].items() if k.lower() in _KEPT_HEADERS}
        body = response["body"]["string"]
        kind = "".join(headers.get("Content-Type", [])).lower()
        body = self._json(body) if "json" in kind else body if "text" in kind or not body else body[:AUDIO_BYTES]
        body = body.replace(self.account.key.encode(), b"scrubbed")
        if "Content-Length" in headers:
            headers["Content-Length"] = [str(len(body))]
        if "Location" in headers:
            headers["Location"] = [self._url(url) for url in headers["Location"]]
        return {**response, "headers": headers, "body": {"string": body}}

    def _json(self, body: bytes) -> bytes:
        try:
            data = json.loads(body)
        except ValueError:
            return _URL.sub(lambda match: self._url(match[0].decode()).encode(), body)
        if isinstance(data, dict) and data.get("name"):
            data["name"] = "Cassette"
        text = _URL.sub(lambda match: self._url(match[0].decode()).encode(), json.dumps(data).encode()).decode()
        return self._ids(text).encode()

    def _url(self, url: str) -> str:
        bare = without_query(url)
        bare = bare.replace(self.account.base_url, BASE_URL).replace(self.account.files_url, FILES_URL)
        return self._ids(bare)

    def _ids(self, text: str) -> str:
        for name, id in self.account.ids.items():
            text = text.replace(id, name)
        return text
