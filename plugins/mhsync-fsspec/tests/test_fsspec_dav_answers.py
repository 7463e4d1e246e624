"""What WebDAV servers answer, by a server of one's own that answers whatever a test wants."""

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


def test_a_redirect_that_only_adds_a_slash_is_a_folder(server: ScriptedServer, storage: FsspecStorage) -> None:
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
    with pytest.raises(StorageError, match="the server answered 301, and redirects to") as caught:
        storage.stat("x")
    assert "next=1" not in caught.value.message
    assert server.asked == ["PROPFIND /dav/x"]


def test_a_server_behind_a_proxy_that_ends_tls_is_asked_under_its_own_address(
    server: ScriptedServer, storage: FsspecStorage
) -> None:
    """Its redirects name another scheme and port: they are not followed, but understood."""
    server.answers["PROPFIND /dav/x"] = (301, {"Location": "http://127.0.0.1/dav/x/"}, "")
    server.listing("/dav/x/", response("/dav/x/", FOLDER))
    assert storage.stat("x") is None
    assert server.asked[-1] == "PROPFIND /dav/x/"


def test_hrefs_may_be_whole_urls_and_escaped_in_any_way(server: ScriptedServer, storage: FsspecStorage) -> None:
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
def test_a_listing_that_is_not_whole_is_none(server: ScriptedServer, storage: FsspecStorage, other: str) -> None:
    server.listing("/dav/", response("/dav/", FOLDER), response("/dav/a.wav", FILE), other)
    with pytest.raises(StorageError, match="cannot list"):
        paths(storage)


def test_a_listing_of_another_folder_is_none(server: ScriptedServer, storage: FsspecStorage) -> None:
    server.listing("/dav/", response("/inner/", FOLDER), response("/inner/a.wav", FILE))
    with pytest.raises(StorageError, match="behind a proxy that changes paths"):
        paths(storage)


@pytest.mark.parametrize(
    ("status", "what", "hint"),
    [
        (401, "the user or the password is wrong", "MHSYNC_FSSPEC_PASSWORD"),
        (403, "permission denied", "the right to read and write"),
        (405, "it does not speak WebDAV there", "path of the storage's URL"),
        (200, "no answer of WebDAV", "path of the storage's URL"),
        (423, "locked by another program", "close it"),
        (503, "the server answered 503", "run it again"),
        (507, "no room left", "free some"),
    ],
)
def test_what_a_server_refuses_is_told_with_what_to_do(
    server: ScriptedServer, storage: FsspecStorage, status: int, what: str, hint: str
) -> None:
    server.answers["PROPFIND /dav/a.wav"] = (status, {}, "<html>secret text</html>")
    with pytest.raises(StorageError, match=what) as caught:
        storage.stat("a.wav")
    assert hint in str(caught.value.hint)
    assert "secret text" not in f"{caught.value}"
    assert "Error" not in f"{caught.value}", "no word of a program's own"


def test_a_body_that_is_packed_on_its_way_is_refused(server: ScriptedServer, storage: FsspecStorage) -> None:
    server.listing("/dav/a.wav", response("/dav/a.wav", FILE))
    server.answers["GET /dav/a.wav"] = (200, {"Content-Encoding": "gzip"}, "abc")
    with pytest.raises(StorageError, match="something else than the file"):
        storage.open("a.wav")
