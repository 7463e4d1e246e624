"""Common WebDAV servers: the conformance suite on each, and mhsync end to end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar

import dav_servers
import pytest
import server_suites
from dav_servers import DavServer
from end_to_end import EndToEnd
from mhsync_fsspec.factory import make
from server_process import Servers, free_port
from server_suites import BriefEndToEndOnServer, OnServer, OnSite, Start, open_storage

from mhsync import Storage, StorageError
from mhsync.testing import Account, Sandbox, SandboxProject, StorageConformance, outputs_of
from mhsync.testing.content import NAMES, content, get, paths, put

pytestmark = pytest.mark.integration
EACH = (dav_servers.apache, dav_servers.lighttpd, dav_servers.nginx, dav_servers.wsgidav)


def small_nginx(folder: Path) -> AbstractContextManager[DavServer]:
    """nginx with a limit for uploads, which most installations have."""
    return dav_servers.nginx(folder, largest="100k")


class Conformance(server_suites.Conformance):
    many = 24
    refused: ClassVar[frozenset[str]] = frozenset()
    """Names of the suite that the server changes."""

    @pytest.mark.parametrize("path", NAMES)
    def test_an_odd_name_comes_back_as_it_was(self, storage: Storage, path: str) -> None:
        if path not in self.refused:
            super().test_an_odd_name_comes_back_as_it_was(storage, path)
            return
        with pytest.raises(StorageError, match="this server"):
            put(storage, path, b"x")
        assert paths(storage) == []


class TestApache(Conformance):
    start = dav_servers.apache


class TestApacheEndToEnd(BriefEndToEndOnServer):
    start = dav_servers.apache


class TestNginx(Conformance):
    start = dav_servers.nginx
    refused = frozenset({".hidden"})


class TestNginxEndToEnd(BriefEndToEndOnServer):
    start = dav_servers.nginx


class TestLighttpd(Conformance):
    start = dav_servers.lighttpd


class TestLighttpdEndToEnd(BriefEndToEndOnServer):
    start = dav_servers.lighttpd


class TestWsgiDav(Conformance):
    start = dav_servers.wsgidav
    refused = frozenset({"a@b,c;d!.wav"})


class TestWsgiDavEndToEnd(BriefEndToEndOnServer):
    start = dav_servers.wsgidav


class TestRclone(Conformance):
    start = dav_servers.rclone
    many = StorageConformance.many
    kills = StorageConformance.kills


class TestRcloneEndToEnd(OnSite, EndToEnd):
    start = dav_servers.rclone


class TestRequests(OnServer):
    """The number of requests for each output, with and without the deletion of the original."""

    start = dav_servers.apache

    @pytest.mark.parametrize(("state", "most"), [("downloaded", 11.5), ("archived", 17.5)])
    def test_an_output_takes_few_requests(
        self, server: DavServer, tmp_path: Path, state: str, most: float
    ) -> None:
        count = 10
        projects = [
            SandboxProject(f"few-{number}", name="Ton", outputs=outputs_of(f"few-{number}", 2, size=1000))
            for number in range(count)
        ]
        with Sandbox(Account(projects)) as sandbox:
            manifest = {
                "version": 1,
                "storage": server.url(server.port, tmp_path.name),
                "policy": {"deletes": "allow"},
                "projects": [{"id": id, "state": state} for id in sorted(sandbox.ids)],
            }
            (tmp_path / "manifest.yaml").write_text(json.dumps(manifest))
            environment = {
                **os.environ,
                **server.environment(server.port),
                "MHSYNC_API_URL": sandbox.api_url,
                "MAGIC_HOUR_API_KEY": sandbox.key,
                "MHSYNC_PLUGINS": "mhsync-fsspec",
            }
            command = [sys.executable, "-m", "mhsync", "apply", "manifest.yaml", "--yes", "-q"]
            before = len(server.requests())
            subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=120)
        assert 0 < (len(server.requests()) - before) / count / 2 <= most


class TestNames(OnServer):
    """A server that truncates a name would replace another file."""

    start = dav_servers.wsgidav

    @pytest.mark.parametrize("name", ["a?b.wav", "a;b.wav", "a?b/c.wav"])
    def test_a_name_that_the_server_would_truncate_is_refused_and_no_other_file_is_changed(
        self, server: DavServer, tmp_path: Path, name: str
    ) -> None:
        storage = open_storage(server, tmp_path.name)
        put(storage, "a", b"stays")
        with pytest.raises(StorageError, match="changes names with") as caught:
            put(storage, name, content(1000))
        assert "another path" in str(caught.value.hint)
        with pytest.raises(StorageError, match="changes names with"):
            storage.copy("a", name)
        assert get(storage, "a") == b"stays"
        assert paths(storage) == ["a"]
        storage.close()

    @pytest.mark.parametrize("start", [dav_servers.apache, dav_servers.lighttpd, dav_servers.nginx])
    def test_other_servers_store_such_names_unchanged(
        self, servers: Servers, tmp_path: Path, start: Start
    ) -> None:
        server = servers.get(start)
        storage = open_storage(server, tmp_path.name)
        names = ["100%.wav", "a#b.wav", "a;b.wav", "a?b.wav"]
        for name in names:
            put(storage, name, name.encode())
        assert {name: get(storage, name) for name in names} == {name: name.encode() for name in names}
        assert sorted(path.name for path in (server.root / "audio" / tmp_path.name).glob("*.wav")) == names
        assert paths(storage) == names
        storage.close()


class TestDots(OnServer):
    start = dav_servers.nginx

    def test_receipts_are_listed_although_names_that_begin_with_a_dot_are_not(
        self, server: DavServer, tmp_path: Path
    ) -> None:
        storage = open_storage(server, tmp_path.name)
        put(storage, ".mhsync/receipts/abc.json", b"{}")
        put(storage, "a.wav", b"x")
        backend = storage._access.acquire()
        assert [entry.name.rpartition("/")[2] for entry in backend.entries("")] == ["a.wav"]
        storage._access.release(backend)
        assert paths(storage) == [".mhsync/receipts/abc.json", "a.wav"]
        assert paths(storage, ".mh") == [".mhsync/receipts/abc.json"]
        for name in (".audio/a.wav", "x/.a.wav"):
            with pytest.raises(StorageError, match="listings of this server omit names that begin with a dot"):
                put(storage, name, b"x")
        assert paths(storage, "a") == ["a.wav"]
        storage.close()


class TestFolders:
    @pytest.mark.parametrize("start", EACH)
    def test_a_folder_is_never_replaced_by_a_file(self, servers: Servers, tmp_path: Path, start: Start) -> None:
        server = servers.get(start)
        storage = open_storage(server, tmp_path.name)
        put(storage, "a", b"moved")
        put(storage, "b/c.wav", b"stays")
        with pytest.raises(StorageError, match="there is a folder with this path"):
            put(storage, "b", b"x")
        with pytest.raises(StorageError, match="there is a folder with this path"):
            storage.copy("a", "b")
        # Also if it was created after the path was found to be free.
        assert storage.stat("d") is None
        with pytest.raises(StorageError), storage.write("d") as writer:
            writer.write(b"x")
            put(storage, "d/e.wav", b"stays")
        assert {"a", "b/c.wav", "d/e.wav"} <= set(paths(storage))
        assert get(storage, "d/e.wav") == b"stays"
        storage.close()


class TestVersions:
    @pytest.mark.parametrize("start", EACH)
    def test_the_version_changes_with_the_file(self, servers: Servers, tmp_path: Path, start: Start) -> None:
        """A new file has no version."""
        server = servers.get(start)
        storage = open_storage(server, tmp_path.name)
        put(storage, "a.wav", b"one")
        file = server.root / "audio" / tmp_path.name / "a.wav"
        found = []
        for data, age in ((None, 0), (b"one", 100), (b"two", 90), (b"longer", 90), (b"new", 0)):
            if data is not None:
                file.write_bytes(data)
            os.utime(file, (time.time() - age, time.time() - age))
            (listed,) = storage.list()
            assert storage.stat("a.wav") == listed
            found.append(listed.version)
        storage.close()
        assert [version is None for version in found] == [True, False, False, False, True]
        assert len(set(found[1:4])) == 3


class TestMessages:
    """Error messages of common mistakes."""

    @pytest.mark.parametrize("start", [dav_servers.apache, dav_servers.nginx, dav_servers.rclone])
    def test_a_wrong_password_is_reported(self, servers: Servers, tmp_path: Path, start: Start) -> None:
        server = servers.get(start)
        storage = open_storage(server, tmp_path.name, MHSYNC_FSSPEC_PASSWORD="wrong guess")
        with pytest.raises(StorageError, match="401: the user or the password is wrong") as caught:
            put(storage, "a.wav", b"x")
        assert "MHSYNC_FSSPEC_PASSWORD" in str(caught.value.hint)
        assert "wrong guess" not in f"{caught.value} {caught.value.hint}"
        storage.close()

    def test_a_server_that_does_not_run_is_reported(self, servers: Servers, tmp_path: Path) -> None:
        storage = make(f"fsspec+webdav://127.0.0.1:{free_port()}/audio", {}, {})
        with pytest.raises(StorageError, match="connection refused") as caught:
            list(storage.list())
        assert "check that the server runs" in str(caught.value.hint)
        storage.close()

    def test_a_file_that_is_larger_than_the_server_accepts_is_reported(
        self, servers: Servers, tmp_path: Path
    ) -> None:
        server = servers.get(small_nginx)
        storage = open_storage(server, tmp_path.name)
        with pytest.raises(StorageError, match="413: the file is larger than the server accepts") as caught:
            put(storage, "a.wav", content(200_000))
        assert "client_max_body_size" in str(caught.value.hint)
        assert paths(storage) == []
        storage.close()
