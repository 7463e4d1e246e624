"""The server proves who it is, or nothing is sent to it."""

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
from mhsync_sftp.target import target_of

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
        return KnownHosts(target_of(url, {"known_hosts": str(file)}, {}))

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
        pytest.param("# a comment\n\nrubbish\n" + line(SERVER).rstrip("\n"), id="among rubbish"),
    ],
)
def test_a_known_key_is_taken(known, text: str) -> None:
    known(text).check(KIND, KEY)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(line("other.example.com"), id="another server"),
        pytest.param(line(hashed("other.example.com")), id="another server, hashed"),
        pytest.param(line(f"!{SERVER},*.example.com"), id="left out of a wildcard"),
        pytest.param(line(SERVER, OTHER, kind="ecdsa-sha2-nistp256"), id="another kind of key"),
        pytest.param(line(SERVER, marker="@cert-authority"), id="an authority is no host key"),
        pytest.param(f"{SERVER} {KIND} no-base64!\n", id="rubbish"),
    ],
)
def test_an_unknown_key_is_refused_with_what_to_do(known, text: str) -> None:
    with pytest.raises(StorageUnavailable, match="is not known") as caught:
        known(text).check(KIND, KEY)
    assert fingerprint(KEY) in caught.value.message
    assert f"to add it: ssh-keyscan {SERVER} >> " in caught.value.message
    assert caught.value.message.endswith("known_hosts")
    assert "compare the fingerprint" in caught.value.hint


def test_a_changed_key_names_both_and_the_line(known) -> None:
    with pytest.raises(StorageUnavailable, match="has changed") as caught:
        known("# first\n" + line(SERVER, OTHER)).check(KIND, KEY)
    assert fingerprint(KEY) in caught.value.message
    assert f"known_hosts:2 has {fingerprint(OTHER)}" in caught.value.message
    assert f"ssh-keygen -R '{SERVER}'" in caught.value.hint


def test_a_revoked_key_is_refused_even_where_another_line_knows_it(known) -> None:
    with pytest.raises(StorageUnavailable, match="is revoked"):
        known(line(SERVER) + line("*", marker="@revoked")).check(KIND, KEY)


def test_a_port_has_lines_of_its_own_and_falls_back_on_the_host(known) -> None:
    url = f"sftp://me@{SERVER}:2222/audio"
    known(line(f"[{SERVER}]:2222"), url).check(KIND, KEY)
    known(line(SERVER), url).check(KIND, KEY)
    with pytest.raises(StorageUnavailable) as caught:
        known(line(f"[{SERVER}]:2222", OTHER) + line(SERVER), url).check(KIND, KEY)
    assert f"ssh-keyscan -p 2222 {SERVER} >> " in caught.value.hint


def test_the_fingerprint_is_what_openssh_prints(tmp_path: Path) -> None:
    key = paramiko.ECDSAKey.generate()
    assert fingerprint(key.asbytes()) == key.fingerprint


def test_nothing_is_sent_to_a_server_that_is_not_known(place, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("")
    storage = open_storage(place.url, {**place.options, "known_hosts": str(empty)})
    with pytest.raises(StorageUnavailable, match="is not known"):
        list(storage.list())
    storage.close()
    assert not any(transport.is_authenticated() for transport in place.server.transports)
    assert empty.read_text() == ""


def test_a_server_with_another_key_than_before_is_refused(place) -> None:
    place.server.host_key = paramiko.ECDSAKey.generate()
    storage = place.opener.open()
    with pytest.raises(StorageUnavailable, match="has changed"):
        storage.stat("a.wav")
    storage.close()


def test_the_server_is_asked_for_the_kind_of_key_that_is_known(place, tmp_path: Path) -> None:
    """It offers an Ed25519 key too, which a client would like better, and which is not known."""
    rsa = paramiko.RSAKey.generate(2048)
    place.server.more_keys.append(rsa)
    file = tmp_path / "rsa_only"
    file.write_text(f"[127.0.0.1]:{place.server.port} {rsa.get_name()} {rsa.get_base64()}\n")
    storage = open_storage(place.url, {**place.options, "known_hosts": str(file)})
    assert storage.stat("a.wav") is None
    storage.close()
