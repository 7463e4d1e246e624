"""The host key is checked before anything is sent to the server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from pathlib import Path

import paramiko
import pytest
from mhsync_sftp.hostkeys import KnownHosts, fingerprint
from mhsync_sftp.plugin import open_storage
from mhsync_sftp.target import read_target

from mhsync import StorageUnavailable

SERVER = "files.example.com"
KEY, OTHER = b"\0\0\0\x0bssh-ed25519" + bytes(36), b"\0\0\0\x0bssh-ed25519" + bytes(35) + b"x"
KIND = "ssh-ed25519"


def line(names: str, key: bytes = KEY, marker: str = "", kind: str = KIND) -> str:
    return f"{marker} {names} {kind} {base64.b64encode(key).decode()} a comment\n".lstrip()


def hashed(name: str) -> str:
    salt = os.urandom(20)
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.fixture
def known(tmp_path: Path):
    def make(text: str, url: str = f"sftp://me@{SERVER}/audio") -> KnownHosts:
        file = tmp_path / "known_hosts"
        file.write_text(text)
        return KnownHosts(read_target(url, {"known_hosts": str(file)}, {}))

    return make


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(line(SERVER), id="plain"),
        pytest.param(line(f"other,{SERVER},10.0.0.1"), id="several names"),
        pytest.param(line(hashed(SERVER)), id="hashed"),
        pytest.param(line("*.example.com"), id="wildcard"),
        pytest.param(line("FILES.example.COM"), id="case"),
        pytest.param(line(SERVER, OTHER) + line(SERVER), id="second key of one kind"),
        pytest.param("# a comment\n\nrubbish\n" + line(SERVER).rstrip("\n"), id="among invalid lines"),
    ],
)
def test_a_known_key_is_accepted(known, text: str) -> None:
    known(text).check(KIND, KEY)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(line("other.example.com"), id="another server"),
        pytest.param(line(hashed("other.example.com")), id="another server, hashed"),
        pytest.param(line(f"!{SERVER},*.example.com"), id="excluded from a wildcard"),
        pytest.param(line(SERVER, OTHER, kind="ecdsa-sha2-nistp256"), id="another key type"),
        pytest.param(line(SERVER, marker="@cert-authority"), id="a certificate authority is not a host key"),
        pytest.param(f"{SERVER} {KIND} no-base64!\n", id="invalid line"),
    ],
)
def test_an_unknown_key_is_refused_with_the_command_that_adds_it(known, text: str) -> None:
    with pytest.raises(StorageUnavailable, match="is not known") as caught:
        known(text).check(KIND, KEY)
    assert fingerprint(KEY) in caught.value.message
    assert f"to add it: ssh-keyscan {SERVER} >> " in caught.value.message
    assert caught.value.message.endswith("known_hosts")
    assert "compare the fingerprint" in caught.value.hint


def test_the_message_of_a_changed_key_has_both_fingerprints_and_the_line(known) -> None:
    with pytest.raises(StorageUnavailable, match="has changed") as caught:
        known("# first\n" + line(SERVER, OTHER)).check(KIND, KEY)
    assert fingerprint(KEY) in caught.value.message
    assert f"known_hosts:2 has {fingerprint(OTHER)}" in caught.value.message
    assert f"ssh-keygen -R '{SERVER}'" in caught.value.hint


def test_a_revoked_key_is_refused_even_if_another_line_has_it(known) -> None:
    with pytest.raises(StorageUnavailable, match="is revoked"):
        known(line(SERVER) + line("*", marker="@revoked")).check(KIND, KEY)


def test_a_line_with_the_port_has_priority_over_a_line_with_the_host(known) -> None:
    url = f"sftp://me@{SERVER}:2222/audio"
    known(line(f"[{SERVER}]:2222"), url).check(KIND, KEY)
    known(line(SERVER), url).check(KIND, KEY)
    with pytest.raises(StorageUnavailable) as caught:
        known(line(f"[{SERVER}]:2222", OTHER) + line(SERVER), url).check(KIND, KEY)
    assert f"ssh-keyscan -p 2222 {SERVER} >> " in caught.value.hint


def test_the_fingerprint_has_the_format_of_openssh(tmp_path: Path) -> None:
    key = paramiko.ECDSAKey.generate()
    assert fingerprint(key.asbytes()) == key.fingerprint


def test_no_credentials_are_sent_to_an_unknown_server(place, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("")
    storage = open_storage(place.url, {**place.options, "known_hosts": str(empty)})
    with pytest.raises(StorageUnavailable, match="is not known"):
        list(storage.list())
    storage.close()
    assert not any(transport.is_authenticated() for transport in place.server.transports)
    assert empty.read_text() == ""


def test_a_server_whose_key_has_changed_is_refused(place) -> None:
    place.server.host_key = paramiko.ECDSAKey.generate()
    storage = place.opener.open()
    with pytest.raises(StorageUnavailable, match="has changed"):
        storage.stat("a.wav")
    storage.close()


def test_the_type_of_a_known_key_is_preferred(place, tmp_path: Path) -> None:
    """The server also has an ECDSA key, which clients prefer by default, and which is not known here."""
    rsa = paramiko.RSAKey.generate(2048)
    place.server.more_keys.append(rsa)
    file = tmp_path / "rsa_only"
    file.write_text(f"[127.0.0.1]:{place.server.port} {rsa.get_name()} {rsa.get_base64()}\n")
    storage = open_storage(place.url, {**place.options, "known_hosts": str(file)})
    assert storage.stat("a.wav") is None
    storage.close()
