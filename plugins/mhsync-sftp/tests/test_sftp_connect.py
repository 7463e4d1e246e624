"""Connecting: keys, passphrases, passwords, unreachable servers, and servers that do not speak SSH."""

from __future__ import annotations

import base64
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from mhsync_sftp.factory import make

from mhsync import StorageUnavailable


def refused(url: str, options: dict, environ: dict | None = None) -> StorageUnavailable:
    storage = make(url, options, environ or {})
    with pytest.raises(StorageUnavailable) as caught:
        storage.stat("a.wav")
    storage.close()
    assert caught.value.hint
    assert "\n" not in f"{caught.value.message}{caught.value.hint}"
    return caught.value


def works(url: str, options: dict, environ: dict | None = None) -> bool:
    storage = make(url, options, environ or {})
    found = storage.stat("a.wav")
    storage.close()
    return found is None


@pytest.fixture
def without_key(place) -> dict:
    return {name: value for name, value in place.options.items() if name != "key_file"} | {"agent": False}


def test_no_connection_is_opened_before_the_first_use(place) -> None:
    place.opener.open().close()
    assert place.server.transports == []


def test_the_passphrase_of_a_key_file_comes_from_the_environment(place, tmp_path: Path) -> None:
    key = paramiko.ECDSAKey.generate()
    file = tmp_path / "locked"
    key.write_private_key_file(str(file), password="open sesame")
    place.behaviour.keys = (key,)
    options = {**place.options, "key_file": str(file)}
    assert works(place.url, options, {"MHSYNC_SFTP_KEY_PASSPHRASE": "open sesame"})
    error = refused(place.url, options)
    assert "has a passphrase" in error.message
    assert "MHSYNC_SFTP_KEY_PASSPHRASE" in error.hint
    error = refused(place.url, options, {"MHSYNC_SFTP_KEY_PASSPHRASE": "wrong passphrase"})
    assert "wrong passphrase" not in f"{error.message}{error.hint}"


KEYS = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
}


@pytest.mark.parametrize("locked", [False, True], ids=["plain", "with a passphrase"])
@pytest.mark.parametrize("kind", list(KEYS))
def test_a_key_in_the_format_of_openssh_is_used(place, tmp_path: Path, kind: str, locked: bool) -> None:
    file = tmp_path / f"id_{kind}"
    key = KEYS[kind]()
    lock = BestAvailableEncryption(b"open sesame") if locked else NoEncryption()
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, lock))
    name, blob = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode().split()
    place.behaviour.keys = (paramiko.PKey.from_type_string(name, base64.b64decode(blob)),)
    assert works(
        place.url, {**place.options, "key_file": str(file)}, {"MHSYNC_SFTP_KEY_PASSPHRASE": "open sesame"}
    )


@pytest.mark.parametrize("kind", ["missing", "rubbish", "folder"])
def test_the_message_names_an_invalid_key_file(place, tmp_path: Path, kind: str) -> None:
    file = tmp_path / kind
    if kind == "rubbish":
        file.write_text("not a key\n")
    elif kind == "folder":
        file.mkdir()
    assert str(file) in refused(place.url, {**place.options, "key_file": str(file)}).message


def test_a_key_that_the_server_refuses_is_an_error(place) -> None:
    place.behaviour.keys = ()
    error = refused(place.url, place.options)
    assert f"me@[127.0.0.1]:{place.server.port}: authentication failed" in error.message
    assert "key_file" in error.hint


def test_a_password_comes_from_the_environment(place, without_key: dict) -> None:
    place.behaviour.password = "hunter2"
    environ = {"MHSYNC_SFTP_PASSWORD": "hunter2", "MHSYNC_SFTP_HOST": "127.0.0.1"}
    assert works(place.url, without_key, environ)
    error = refused(place.url, without_key, {**environ, "MHSYNC_SFTP_PASSWORD": "wrong password"})
    assert "authentication failed" in error.message
    assert "wrong password" not in f"{error.message}{error.hint}"
    assert "check the password in MHSYNC_SFTP_PASSWORD" in str(error.hint)


@pytest.mark.integration
def test_keys_come_from_the_agent(place, without_key: dict, agent: paramiko.PKey) -> None:
    """The agent is the one of OpenSSH, from the Debian package openssh-client."""
    place.behaviour.keys = (agent,)
    assert works(place.url, {**without_key, "agent": True})
    assert "authentication failed" in refused(place.url, without_key).message


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[paramiko.PKey]:
    """An ssh-agent that holds one key."""
    file = tmp_path / "in_agent"
    key = paramiko.ECDSAKey.generate()
    key.write_private_key_file(str(file))
    where = tmp_path / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(where)], stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(where.exists)
            monkeypatch.setenv("SSH_AUTH_SOCK", str(where))
            subprocess.run(["ssh-add", "-q", str(file)], check=True, stderr=subprocess.DEVNULL)
            yield key
        finally:
            process.terminate()


def wait_for(is_true, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_closed_port_is_an_error(place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = refused(f"sftp://me@127.0.0.1:{port}/audio", place.options)
    assert f"cannot reach [127.0.0.1]:{port}" in error.message


def test_an_unknown_host_is_an_error(place) -> None:
    error = refused("sftp://me@nowhere.invalid/audio", place.options)
    assert "the host nowhere.invalid was not found" in error.message


@pytest.mark.parametrize(
    ("says", "message"),
    [(b"", "cannot"), (b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100, "cannot open an SSH connection to")],
    ids=["nothing", "http"],
)
def test_a_server_that_does_not_speak_ssh_is_an_error_in_time_and_without_a_traceback(
    place, says, message, capfd
) -> None:
    ended = threading.Event()

    def answer(server: socket.socket) -> None:
        client, _ = server.accept()
        with client:
            client.sendall(says)
            ended.wait(30)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        options = {**place.options, "timeout": 1}
        begun = time.monotonic()
        error = refused(f"sftp://me@127.0.0.1:{server.getsockname()[1]}/audio", options)
        assert time.monotonic() - begun < 15
        ended.set()
        thread.join()
    assert message in error.message
    assert capfd.readouterr().err == ""


def test_errors_of_paramiko_are_logged_at_debug_level(place, caplog: pytest.LogCaptureFixture) -> None:
    place.behaviour.keys = ()
    with caplog.at_level(logging.DEBUG):
        refused(place.url, place.options)
    ours = [record for record in caplog.records if record.name.startswith("mhsync_sftp.ssh")]
    assert ours
    assert {record.levelname for record in ours} == {"DEBUG"}


def test_no_traceback_is_printed_by_a_program_without_logging(tmp_path: Path) -> None:
    code = (
        "import sys, socket, threading\n"
        "from mhsync_sftp.factory import make\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "def talk():\n"
        "    client, _ = server.accept(); client.sendall(b'rubbish\\r\\n' * 999); client.close()\n"
        "threading.Thread(target=talk).start()\n"
        "storage = make(f'sftp://me@127.0.0.1:{server.getsockname()[1]}/a', {'timeout': 5, 'agent': False}, {})\n"
        "try: storage.stat('a')\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("StorageUnavailable\n", "")
