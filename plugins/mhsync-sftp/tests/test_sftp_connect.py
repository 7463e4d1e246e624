"""Getting in: keys, passphrases, passwords, and servers that are not there or are something else."""

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


def test_nothing_is_asked_of_the_server_before_the_first_use(place) -> None:
    place.opener.open().close()
    assert place.server.transports == []


def test_a_key_file_with_a_passphrase_takes_it_from_the_environment(place, tmp_path: Path) -> None:
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
def test_keys_as_openssh_writes_them_are_taken(place, tmp_path: Path, kind: str, locked: bool) -> None:
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
def test_a_key_file_that_is_none_is_named(place, tmp_path: Path, kind: str) -> None:
    file = tmp_path / kind
    if kind == "rubbish":
        file.write_text("no key at all\n")
    elif kind == "folder":
        file.mkdir()
    assert str(file) in refused(place.url, {**place.options, "key_file": str(file)}).message


def test_a_key_that_the_server_does_not_know_is_said_so(place) -> None:
    place.behaviour.keys = ()
    error = refused(place.url, place.options)
    assert f"me@[127.0.0.1]:{place.server.port} does not let us in" in error.message
    assert "key_file" in error.hint


def test_a_password_comes_from_the_environment(place, without_key: dict) -> None:
    place.behaviour.password = "hunter2"
    environ = {"MHSYNC_SFTP_PASSWORD": "hunter2", "MHSYNC_SFTP_HOST": "127.0.0.1"}
    assert works(place.url, without_key, environ)
    error = refused(place.url, without_key, {**environ, "MHSYNC_SFTP_PASSWORD": "wrong password"})
    assert "does not let us in" in error.message
    assert "wrong password" not in f"{error.message}{error.hint}"
    assert "check the password in MHSYNC_SFTP_PASSWORD" in str(error.hint)


@pytest.mark.integration
def test_keys_come_from_the_agent(place, without_key: dict, agent: paramiko.PKey) -> None:
    """The agent is one of Debian's package openssh-client."""
    place.behaviour.keys = (agent,)
    assert works(place.url, {**without_key, "agent": True})
    assert "does not let us in" in refused(place.url, without_key).message


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


def wait_for(is_so, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_server_that_is_not_there_is_said_so(place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = refused(f"sftp://me@127.0.0.1:{port}/audio", place.options)
    assert f"cannot reach [127.0.0.1]:{port}" in error.message


def test_a_name_that_is_no_servers_is_said_so(place) -> None:
    assert (
        "there is no server nowhere.invalid" in refused("sftp://me@nowhere.invalid/audio", place.options).message
    )


@pytest.mark.parametrize(
    ("says", "message"),
    [(b"", "cannot"), (b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100, "cannot talk to")],
    ids=["nothing", "http"],
)
def test_what_is_no_ssh_server_is_told_in_time_and_without_a_traceback(place, says, message, capfd) -> None:
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


def test_what_paramiko_calls_an_error_is_a_detail_for_the_log(place, caplog: pytest.LogCaptureFixture) -> None:
    place.behaviour.keys = ()
    with caplog.at_level(logging.DEBUG):
        refused(place.url, place.options)
    ours = [record for record in caplog.records if record.name.startswith("mhsync_sftp.ssh")]
    assert ours
    assert {record.levelname for record in ours} == {"DEBUG"}


def test_a_traceback_never_reaches_a_program_that_sets_up_no_logging(tmp_path: Path) -> None:
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
