"""The plugin as mhsync loads it, and its error messages."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import entry_points
from pathlib import Path

import fsspec
import pytest
from fsspec.spec import AbstractFileSystem
from mhsync_fsspec import plugin
from mhsync_fsspec.factory import make
from mhsync_fsspec.storage import FsspecStorage
from process_memory import open_memory

from mhsync import LocalWriter, StorageError, StorageNotFound, StorageUnavailable
from mhsync.testing.content import content, get, paths, put


def test_the_plugin_serves_every_scheme_that_begins_with_fsspec(tmp_path: Path) -> None:
    (found,) = [entry for entry in entry_points(group="mhsync.storage_schemes") if entry.name == "fsspec+"]
    assert found.load() is plugin.open_storage
    storage = plugin.open_storage(f"fsspec+file://{tmp_path}", {})
    assert isinstance(storage, FsspecStorage)
    assert repr(storage) == f"FsspecStorage('fsspec+file://{tmp_path}')"


def test_loading_the_plugin_does_not_load_fsspec() -> None:
    code = "import sys, mhsync_fsspec.plugin; print('fsspec' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_folders_and_memory_of_this_machine_are_local(tmp_path: Path, memory_url: str) -> None:
    assert make(f"fsspec+file://{tmp_path}", {}, {}).is_local
    assert open_memory(memory_url, {}).is_local
    assert not make("fsspec+webdav://h/a", {}, {}).is_local


class Leaking(AbstractFileSystem):
    """A file system whose errors contain secrets."""

    protocol = "refusing"

    def __init__(self, password: str = "", **options: object) -> None:
        super().__init__(**options)
        self.password = password

    def info(self, path: str, **_: object) -> dict:
        url = f"https://me:{self.password}@host/x?sig=abc123"
        raise OSError(f"no answer from\n{url} nor /x?sig=abc123 with {self.password}")

    ls = info


class Closed(AbstractFileSystem):
    """A file system whose instances cannot be made."""

    protocol = "closed"

    def __init__(self, **options: object) -> None:
        raise ConnectionRefusedError("refused")


@pytest.fixture(autouse=True)
def _registered() -> None:
    for kind in (Leaking, Closed):
        fsspec.register_implementation(kind.protocol, kind, clobber=True)


def test_an_error_of_a_file_system_is_reported_on_one_line_and_without_secrets() -> None:
    environ = {"MHSYNC_FSSPEC_PASSWORD": "hunter2", "MHSYNC_FSSPEC_FOR": "refusing://"}
    storage = make("fsspec+refusing://host/a", {}, environ)
    for doing in (lambda: storage.stat("b.wav"), lambda: list(storage.list()), lambda: storage.open("b.wav")):
        with pytest.raises(
            StorageError, match=r"cannot .* fsspec\+refusing://host/a.*: OSError: no answer"
        ) as caught:
            doing()
        assert "hunter2" not in caught.value.message
        assert "abc123" not in caught.value.message
        assert "\n" not in caught.value.message
    storage.close()


def test_a_file_system_that_cannot_be_opened_is_reported_at_the_first_use() -> None:
    storage = make("fsspec+closed://host/a", {}, {})
    with pytest.raises(
        StorageUnavailable, match=r"cannot open fsspec\+closed://host/a: connection refused"
    ) as caught:
        storage.stat("b.wav")
    assert isinstance(caught.value.__cause__, ConnectionRefusedError), "-vv shows it"
    storage.close()


def test_a_missing_file_of_this_machine_is_not_reported_as_one_of_the_storage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/authority.pem")
    storage = make("fsspec+webdav://127.0.0.1:9/a", {}, {})
    with pytest.raises(StorageUnavailable, match="cannot open .*: FileNotFoundError") as caught:
        storage.stat("b.wav")
    assert "SSL_CERT_FILE" in (caught.value.hint or "")
    storage.close()


class _Unauthorized(BaseHTTPRequestHandler):
    """Answers 401 to every request."""

    def do_PROPFIND(self) -> None:
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Do not log."""


def test_a_failed_login_is_reported_with_the_variables_for_the_credentials() -> None:
    with HTTPServer(("127.0.0.1", 0), _Unauthorized) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        storage = make(f"fsspec+webdav://me@127.0.0.1:{server.server_address[1]}/a", {}, {})
        try:
            with pytest.raises(StorageError, match="401") as caught:
                storage.stat("a.wav")
        finally:
            storage.close()
            server.shutdown()
            thread.join(10)
    for name in ("MHSYNC_FSSPEC_PASSWORD", "MHSYNC_FSSPEC_FOR"):
        assert name in str(caught.value.hint)


def test_a_closed_storage_is_reported(memory_url: str) -> None:
    storage = open_memory(memory_url, {})
    storage.close()
    with pytest.raises(StorageError, match="closed"):
        storage.stat("a.wav")


def test_the_writer_has_a_local_file_with_the_written_bytes(memory_url: str) -> None:
    storage = open_memory(memory_url, {})
    with storage.write("x/a.wav") as writer:
        assert isinstance(writer, LocalWriter)
        writer.write(content(100_000))
        writer.flush()
        assert writer.local_path.suffix == ".wav"
        assert writer.local_path.read_bytes() == content(100_000)
        local = writer.local_path
    assert not local.exists()


def test_spools_of_killed_processes_are_removed(memory_url: str, tmp_path: Path, monkeypatch) -> None:
    """The spool that this process uses is kept."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "theirs.wav").write_bytes(b"x")
    script = """
import os, signal
from mhsync.storage_kit import spooling
with spooling("a.wav") as spool:
    spool.write(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    assert len(list(tmp_path.glob("mhsync-spool-*.wav"))) == 1
    storage = open_memory(memory_url, {})
    with storage.write("b.wav") as writer:
        storage.sweep()
        assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "theirs.wav", writer.local_path])
        writer.write(b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.wav"]


def test_a_spool_that_cannot_be_created_is_reported(memory_url: str, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    storage = open_memory(memory_url, {})
    with pytest.raises(StorageError, match="cannot keep a file in /nonexistent on its way") as caught:
        put(storage, "a.wav", b"x")
    assert "TMPDIR" in caught.value.hint


def test_an_option_is_passed_to_the_file_system(tmp_path: Path) -> None:
    storage = make(f"fsspec+file://{tmp_path}/new", {"auto_mkdir": True}, {})
    put(storage, "x/a.wav", b"x")
    assert get(storage, "x/a.wav") == b"x"
    backend = storage._access.acquire()
    assert backend.fs.auto_mkdir
    with pytest.raises(StorageNotFound):
        storage.open("x/b.wav")
    assert paths(storage) == ["x/a.wav"]
    storage.close()
