"""Host certificates: a `@cert-authority` line trusts all hosts that the authority has signed."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificateBuilder,
    SSHCertificateType,
)
from mhsync_sftp.certificate import Certificate
from mhsync_sftp.connect import _verify
from mhsync_sftp.hostkeys import KnownHosts
from mhsync_sftp.plugin import open_storage
from mhsync_sftp.target import read_target
from mhsync_sftp.wire import ProtocolError
from sftp_sshd import Sshd, options_of, sshd, url_of

from mhsync import StorageUnavailable

HOST = "files.example.com"
NOW = 1_800_000_000
KEYS: dict[str, Callable[[], Any]] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ecdsa": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
}
HOST_KEY, AUTHORITY = KEYS["ed25519"](), KEYS["ed25519"]()


def blob(public: Any) -> bytes:
    return base64.b64decode(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1])


def sign(
    host_key: Any = HOST_KEY,
    authority: Any = AUTHORITY,
    *,
    usage: SSHCertificateType = SSHCertificateType.HOST,
    principals: tuple[str, ...] = (HOST,),
    after: int = NOW - 10,
    before: int = NOW + 10,
    critical: bytes | None = None,
) -> bytes:
    """A certificate."""
    builder = (
        SSHCertificateBuilder()
        .public_key(host_key.public_key())
        .type(usage)
        .key_id(b"test")
        .valid_after(after)
        .valid_before(before)
        .add_extension(b"ignored", b"")
    )
    names = [name.encode() for name in principals]
    builder = builder.valid_principals(names) if names else builder.valid_for_all_principals()
    if critical is not None:
        builder = builder.add_critical_option(critical, b"")
    return base64.b64decode(builder.sign(authority).public_bytes().split()[1])


def known_line(names: str, key: Any, marker: str = "@cert-authority") -> str:
    return f"{marker} {names} {key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()}\n".lstrip()


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., None]:
    def check(
        text: str, certificate: bytes, host_key: Any = HOST_KEY, url: str = f"sftp://me@{HOST}/audio"
    ) -> None:
        file = tmp_path / "known_hosts"
        file.write_text(text)
        known = KnownHosts(read_target(url, {"known_hosts": str(file)}, {}), lambda: NOW)
        known.check_certificate("ssh-ed25519", blob(host_key.public_key()), certificate, _verify)

    return check


@pytest.mark.parametrize("host_key", list(KEYS))
@pytest.mark.parametrize("authority", list(KEYS))
def test_a_certificate_of_a_known_authority_is_accepted(check, host_key: str, authority: str) -> None:
    key, signer = KEYS[host_key](), KEYS[authority]()
    check(known_line("*.example.com", signer), sign(key, signer), key)


@pytest.mark.parametrize("principals", [("other", HOST), ("*.example.com",), ("FILES.example.com",)])
def test_a_certificate_may_have_several_names_and_wildcards(check, principals: tuple[str, ...]) -> None:
    check(known_line(HOST, AUTHORITY), sign(principals=principals))


def test_the_port_is_not_part_of_the_name(check) -> None:
    url = f"sftp://me@{HOST}:2222/audio"
    check(known_line(f"[{HOST}]:2222", AUTHORITY), sign(), url=url)
    check(known_line(HOST, AUTHORITY), sign(), url=url)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"principals": ("other.example.com",)}, "it is for other.example.com", id="another host"),
        pytest.param({"principals": ()}, "it is for no host", id="no host"),
        pytest.param({"principals": ("*.com\x1b[31m",)}, r"it is for \*\.com\\x1b", id="control character"),
        pytest.param({"before": NOW}, "it has expired", id="expired"),
        pytest.param({"after": NOW + 1}, "it is not valid yet", id="not valid yet"),
        pytest.param({"usage": SSHCertificateType.USER}, "it is not a certificate for hosts", id="user"),
        pytest.param({"critical": b"new"}, "critical option", id="critical option"),
    ],
)
def test_a_certificate_that_is_not_valid_for_the_host_is_refused(check, changes: dict, message: str) -> None:
    with pytest.raises(StorageUnavailable, match=f"is not accepted: .*{message}") as caught:
        check(known_line("*", AUTHORITY), sign(**changes))
    assert caught.value.hint
    assert caught.value.message.isprintable()


def test_every_changed_byte_of_a_certificate_is_detected(check) -> None:
    certificate = sign()
    for at in range(len(certificate)):
        changed = bytearray(certificate)
        changed[at] ^= 1
        with pytest.raises(StorageUnavailable):
            check(known_line("*", AUTHORITY), bytes(changed))


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b""])
def test_a_certificate_of_another_length_is_refused(check, change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ProtocolError):
        Certificate.parse(change(sign()))
    with pytest.raises(StorageUnavailable, match="is not accepted"):
        check(known_line("*", AUTHORITY), change(sign()))


def test_a_signature_with_sha_1_is_refused() -> None:
    certificate = replace(Certificate.parse(sign()), algorithm="ssh-rsa")
    assert certificate.problem(HOST, NOW, lambda *_: True) == "its signature uses SHA-1"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="no line"),
        pytest.param(known_line("*", KEYS["ed25519"]()), id="another authority"),
        pytest.param(known_line("other.example.com", AUTHORITY), id="the authority of another host"),
        pytest.param(known_line(f"!{HOST},*", AUTHORITY), id="excluded host"),
        pytest.param(known_line("*", AUTHORITY, marker=""), id="the key of the authority as a host key"),
    ],
)
def test_a_certificate_of_an_unknown_authority_is_refused(check, text: str) -> None:
    with pytest.raises(StorageUnavailable, match="is not known|has changed"):
        check(text, sign())


@pytest.mark.parametrize("key", [AUTHORITY, HOST_KEY], ids=["authority", "host key"])
def test_a_certificate_with_a_revoked_key_is_refused(check, key: Any) -> None:
    with pytest.raises(StorageUnavailable, match="is revoked"):
        check(known_line("*", AUTHORITY) + known_line("*", key, marker="@revoked"), sign())


def test_a_known_key_is_accepted_with_any_certificate(check) -> None:
    check(known_line("*", AUTHORITY) + known_line(HOST, HOST_KEY, marker=""), sign(before=NOW - 1))


def signed_by(authority: Path, *options: str) -> Callable[[Path], str]:
    """Sign the host key of a server."""

    def configure(folder: Path) -> str:
        command = ["ssh-keygen", "-q", "-s", str(authority), "-I", "test", *options, str(folder / "host_key.pub")]
        subprocess.run(command, check=True)
        return f"HostCertificate {folder}/host_key-cert.pub\n"

    return configure


def authority_file(tmp_path: Path, kind: str = "ed25519") -> Path:
    file = tmp_path / "authority"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(file)], check=True)
    return file


def connect(server: Sshd, tmp_path: Path, authority: Path) -> None:
    options = options_of(server, tmp_path)
    public = authority.with_name(f"{authority.name}.pub").read_text()
    Path(options["known_hosts"]).write_text(f"@cert-authority 127.0.0.* {public}")
    storage = open_storage(url_of(server, tmp_path), options)
    try:
        assert list(storage.list()) == []
    finally:
        storage.close()


@pytest.mark.integration
@pytest.mark.parametrize("key_type", ["ed25519", "ecdsa", "rsa"])
def test_openssh_with_a_certificate_is_accepted(tmp_path: Path, key_type: str) -> None:
    authority = authority_file(tmp_path, key_type)
    configure = signed_by(authority, "-h", "-n", "127.0.0.1,localhost", "-V", "-1h:+1h")
    with sshd(tmp_path / "server", key_type=key_type, configure=configure) as server:
        connect(server, tmp_path, authority)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(("-h", "-n", "127.0.0.1", "-V", "-2h:-1h"), "it has expired", id="expired"),
        pytest.param(("-h", "-n", "127.0.0.2"), "it is for 127.0.0.2", id="another host"),
    ],
)
def test_openssh_with_a_certificate_that_is_not_valid_is_refused(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    authority = authority_file(tmp_path)
    with (
        sshd(tmp_path / "server", configure=signed_by(authority, *options)) as server,
        pytest.raises(StorageUnavailable, match=f"is not accepted: {message}"),
    ):
        connect(server, tmp_path, authority)


@pytest.mark.integration
def test_openssh_without_a_certificate_is_not_known(tmp_path: Path) -> None:
    authority = authority_file(tmp_path)
    with (
        sshd(tmp_path / "server") as server,
        pytest.raises(StorageUnavailable, match="is not known"),
    ):
        connect(server, tmp_path, authority)
