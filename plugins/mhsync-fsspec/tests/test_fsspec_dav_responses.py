"""Responses of WebDAV servers, sent by a server that each test scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dav_scripted import FILE, FOLDER, ScriptedServer, response
from mhsync_fsspec.factory import make
from mhsync_fsspec.storage import FsspecStorage

from mhsync import StorageError
from mhsync.testing.content import paths


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer.running() as server:
        yield server


@pytest.fixture
def storage(server: ScriptedServer) -> Iterator[FsspecStorage]:
    storage = make(f"fsspec+webdav://127.0.0.1:{server.server_port}/dav", {}, {})
    yield storage
    storage.close()


def test_a_redirect_that_only_adds_a_slash_means_a_folder(server: ScriptedServer, storage: FsspecStorage) -> None:
    server.answers["PROPFIND /dav/x"] = (301, {"Location": f"http://127.0.0.1:{server.server_port}/dav/x/"}, "")
    server.listing("/dav/x/", response("/dav/x/", FOLDER))
    assert storage.stat("x") is None
    assert server.asked == ["PROPFIND /dav/x", "PROPFIND /dav/x/"]


@pytest.mark.parametrize(
    "location",
    ["http://elsewhere.example/dav/x/", "http://127.0.0.1/other/x", "http://127.0.0.1/dav/x/?next=1", ""],
)
def test_no_other_redirect_is_followed(server: ScriptedServer, storage: FsspecStorage, location: str) -> None:
    server.answers["PROPFIND /dav/x"] = (301, {"Location": location}, "")
    with pytest.raises(StorageError, match="the server answered 301, a redirect to") as caught:
        storage.stat("x")
    assert "next=1" not in caught.value.message
    assert server.asked == ["PROPFIND /dav/x"]


def test_a_redirect_to_another_scheme_and_port_means_a_folder_too(
    server: ScriptedServer, storage: FsspecStorage
) -> None:
    """A server behind a proxy that terminates TLS sends such redirects. They are not followed."""
    server.answers["PROPFIND /dav/x"] = (301, {"Location": "http://127.0.0.1/dav/x/"}, "")
    server.listing("/dav/x/", response("/dav/x/", FOLDER))
    assert storage.stat("x") is None
    assert server.asked[-1] == "PROPFIND /dav/x/"


def test_hrefs_can_be_urls_and_can_escape_any_character(server: ScriptedServer, storage: FsspecStorage) -> None:
    begin = f"http://127.0.0.1:{server.server_port}/dav"
    server.listing(
        "/dav/",
        response(f"{begin}/", FOLDER),
        response(f"{begin}/%61%3f%3B.wav", FILE),
        response(f"{begin}/b c.wav", FILE),
    )
    assert paths(storage) == ["a?;.wav", "b c.wav"]


@pytest.mark.parametrize(
    "other",
    [
        "<response><href>/dav/secret</href><status>HTTP/1.1 403 Forbidden</status></response>",
        response("/dav/secret", FOLDER, "<status>HTTP/1.1 403 Forbidden</status>"),
        response("/elsewhere/a.wav", FILE),
        response("/dav/x/deeper.wav", FILE),
        "<response><href>/dav/secret",
    ],
)
def test_an_incomplete_listing_is_an_error(server: ScriptedServer, storage: FsspecStorage, other: str) -> None:
    server.listing("/dav/", response("/dav/", FOLDER), response("/dav/a.wav", FILE), other)
    with pytest.raises(StorageError, match="cannot list"):
        paths(storage)


def test_a_listing_of_another_folder_is_an_error(server: ScriptedServer, storage: FsspecStorage) -> None:
    server.listing("/dav/", response("/inner/", FOLDER), response("/inner/a.wav", FILE))
    with pytest.raises(StorageError, match="behind a proxy that changes paths"):
        paths(storage)


@pytest.mark.parametrize(
    ("status", "what", "hint"),
    [
        (401, "the user or the password is wrong", "MHSYNC_FSSPEC_PASSWORD"),
        (403, "permission denied", "the right to read and write"),
        (405, "this path does not support WebDAV", "path in the URL of the storage"),
        (200, "not a WebDAV response", "path in the URL of the storage"),
        (423, "locked by another program", "close the file"),
        (503, "the server answered 503", "run the command again"),
        (507, "no space left", "free some"),
    ],
)
def test_an_error_status_is_reported_with_a_hint(
    server: ScriptedServer, storage: FsspecStorage, status: int, what: str, hint: str
) -> None:
    server.answers["PROPFIND /dav/a.wav"] = (status, {}, "<html>secret text</html>")
    with pytest.raises(StorageError, match=what) as caught:
        storage.stat("a.wav")
    assert hint in str(caught.value.hint)
    assert "secret text" not in f"{caught.value}"
    assert "Error" not in f"{caught.value}", "no class name of an exception"


def test_a_compressed_body_is_refused(server: ScriptedServer, storage: FsspecStorage) -> None:
    server.listing("/dav/a.wav", response("/dav/a.wav", FILE))
    server.answers["GET /dav/a.wav"] = (200, {"Content-Encoding": "gzip"}, "abc")
    with pytest.raises(StorageError, match="did not send the unchanged file"):
        storage.open("a.wav")
