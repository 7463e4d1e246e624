"""A real OpenSSH server: the conformance suite, the commands in error messages, and mhsync from end to end."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from end_to_end import EndToEnd, Site
from mhsync_sftp.plugin import open_storage
from sftp_sshd import Sshd, opener_of, options_of, sshd

from mhsync import StorageUnavailable
from mhsync.testing import Opener, StorageConformance
from mhsync.testing.content import get, paths, put

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def new_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Sshd]]:
    """Starts servers for the whole module. The same arguments return the same server."""
    running: dict[tuple[tuple[str, Any], ...], Sshd] = {}
    with ExitStack() as stack:

        def start(**how: Any) -> Sshd:
            key = tuple(sorted(how.items()))
            if key not in running:
                folder = tmp_path_factory.mktemp("sshd") / "server"
                running[key] = stack.enter_context(sshd(folder, **how))
            return running[key]

        yield start


@pytest.fixture
def server(new_server: Callable[..., Sshd]) -> Sshd:
    return new_server()


@pytest.fixture
def options(server: Sshd, tmp_path: Path) -> dict[str, Any]:
    return options_of(server, tmp_path)


def folder_of(server: Sshd, tmp_path: Path) -> Path:
    """The folder of one test on the server."""
    return server.root / tmp_path.name


class TestOpenSsh(StorageConformance):
    many = 500
    versions_settle = True

    @pytest.fixture
    def opener(self, server: Sshd, tmp_path: Path) -> Opener:
        return opener_of(server, tmp_path)


class TestOpenSshWithoutExtensions(StorageConformance):
    """The same server without the extensions for renaming and flushing."""

    versions_settle = True

    @pytest.fixture
    def opener(self, new_server: Callable[..., Sshd], tmp_path: Path) -> Opener:
        server = new_server(subsystem="/usr/lib/openssh/sftp-server -P posix-rename,fsync", sessions=2)
        return opener_of(server, tmp_path)


class TestEndToEnd(EndToEnd):
    @pytest.fixture
    def site(self, server: Sshd, options: dict[str, Any], tmp_path: Path) -> Site:
        folder = folder_of(server, tmp_path)
        return Site(
            port=server.port,
            url=lambda port: f"sftp://{server.user}@127.0.0.1:{port}{folder}",
            open=open_storage,
            plugin="mhsync-sftp",
            options=options,
        )


def test_only_the_limited_server_lacks_the_extensions(
    new_server: Callable[..., Sshd], server: Sshd, tmp_path: Path
) -> None:
    limited = new_server(subsystem="/usr/lib/openssh/sftp-server -P posix-rename,fsync", sessions=2)
    known = {}
    for one in (server, limited):
        storage = opener_of(one, tmp_path).open()
        known[one.port] = set(storage._pool.take().session.extensions)
        storage.close()
    assert known[server.port] - known[limited.port] == {"posix-rename@openssh.com", "fsync@openssh.com"}


def test_the_command_in_the_error_of_an_unknown_host_key_fixes_it(server: Sshd, options, tmp_path: Path) -> None:
    known = Path(options["known_hosts"])
    known.write_text("")
    url = f"sftp://{server.user}@127.0.0.1:{server.port}{folder_of(server, tmp_path)}"
    storage = open_storage(url, options)
    with pytest.raises(StorageUnavailable, match="is not known") as caught:
        storage.stat("a.wav")
    command = re.search(r"ssh-keyscan .*", caught.value.message)
    assert command is not None
    subprocess.run(command[0], shell=True, check=True, capture_output=True)
    assert known.read_text()
    storage.close()
    storage = open_storage(url, options)
    assert storage.stat("a.wav") is None
    storage.close()


def test_the_command_in_the_error_of_a_changed_host_key_fixes_it(server: Sshd, options, tmp_path: Path) -> None:
    known = Path(options["known_hosts"])
    other = Path(f"{tmp_path}/other")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    known.write_text(f"[127.0.0.1]:{server.port} {other.with_suffix('.pub').read_text()}")
    url = f"sftp://{server.user}@127.0.0.1:{server.port}{folder_of(server, tmp_path)}"
    storage = open_storage(url, options)
    with pytest.raises(StorageUnavailable, match="has changed") as caught:
        storage.stat("a.wav")
    command = re.search(r"ssh-keygen -R .*", caught.value.hint)
    assert command is not None
    subprocess.run(command[0], shell=True, check=True, capture_output=True)
    storage.close()
    storage = open_storage(url, options)
    assert storage.stat("a.wav") is None
    storage.close()


def test_files_whose_names_are_not_utf_8_are_listed_and_can_be_removed(server: Sshd, tmp_path: Path) -> None:
    storage = opener_of(server, tmp_path).open()
    put(storage, "a.wav", b"x")
    name = b"caf\xe9.wav".decode("utf-8", "surrogateescape")
    (folder_of(server, tmp_path) / name).write_bytes(b"other")
    assert name in paths(storage)
    storage.remove(name)
    assert paths(storage) == ["a.wav"]
    storage.close()


def test_a_server_that_allows_two_sessions_is_sufficient(new_server, tmp_path: Path) -> None:
    limited = new_server(subsystem="/usr/lib/openssh/sftp-server -P posix-rename,fsync", sessions=2)
    opener = opener_of(limited, tmp_path)
    opener.arguments[1]["connections"] = 1
    storage = opener.open()
    put(storage, "a.wav", b"one")
    with storage.open("a.wav") as reader, storage.write("b.wav") as writer:
        writer.write(reader.read())
    assert get(storage, "b.wav") == b"one"
    storage.close()


def test_a_folder_in_the_home_of_the_user(server: Sshd, options, tmp_path: Path) -> None:
    """It is only listed: the test writes nothing to the home."""
    storage = open_storage(f"sftp://{server.user}@127.0.0.1:{server.port}/~/mhsync-{tmp_path.name}", options)
    assert list(storage.list()) == []
    assert storage.stat("a.wav") is None
    storage.close()
