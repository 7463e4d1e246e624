"""Failures of services and networks: they end in bounded time, with one line that names the path and has no secret."""

from __future__ import annotations

import datetime
import inspect
import ipaddress
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import obstore
import pytest
from cloud_processes import free_port
from cloud_servers import Cloud
from cloud_wire import Reply, Request, Wire, answer, hang_up, refuse, silence
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mhsync_cloud import s3
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.failures import explain, storage_error, storage_errors
from mhsync_cloud.place import Place
from mhsync_cloud.plugin import open_gs, open_s3
from mhsync_cloud.storage import CloudStorage

from mhsync import StorageError, StorageNotFound, StorageUnavailable

SECRET = "wJalrXUtnFEMI"
FAST = Bounds(
    connect_timeout=2, quick_timeout=0.4, timeout=0.4, retries=2, retry_window=1, backoff=0.01, backoff_max=0.02
)
PLACE = Place("s3", "bucket", "audio")


@pytest.fixture(autouse=True)
def _logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", SECRET)


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(answer(200)) as server:
        yield server


def opened(endpoint: str, bounds: Bounds = FAST) -> CloudStorage:
    return s3.make("s3://bucket/audio", {"endpoint": endpoint, "timeout": 1}, bounds)


def write(storage: CloudStorage, size: int = 3) -> None:
    with storage.write("clx1/a.wav") as writer:
        writer.write(bytes(size))


LISTING = (
    "<ListBucketResult><IsTruncated>false</IsTruncated>"
    "<Contents><Key>audio/a.wav</Key><Size>3</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
    '<ETag>"x"</ETag></Contents></ListBucketResult>'
)

EVERYTHING: dict[str, Callable[[CloudStorage], object]] = {
    "list": lambda storage: list(storage.list()),
    "stat": lambda storage: storage.stat("clx1/a.wav"),
    "read": lambda storage: storage.open("clx1/a.wav"),
    "write": write,
    "remove": lambda storage: storage.remove("clx1/a.wav"),
}


def failure(call: Callable[[], object]) -> StorageError:
    begun = time.monotonic()
    with pytest.raises(StorageError) as caught:
        call()
    assert time.monotonic() - begun < 20
    text = f"{caught.value.message} {caught.value.hint}"
    assert caught.value.hint
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    for never in ("\n", SECRET, "Debug", "RetryError", "The message of the service"):
        assert never not in text
    return caught.value


@pytest.mark.parametrize("operation", EVERYTHING)
class TestEveryCall:
    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            pytest.param(refuse(403, "SignatureDoesNotMatch"), "secret key is wrong|access was denied", id="key"),
            pytest.param(refuse(403, "AccessDenied"), "access was denied", id="denied"),
            pytest.param(refuse(401, "Unauthorized"), "access was denied", id="401"),
            pytest.param(refuse(400, "ExpiredToken"), "have expired|refused the request \\(400", id="expired"),
            pytest.param(refuse(500, "InternalError"), "refused the request \\(500", id="500"),
            pytest.param(refuse(503, "SlowDown"), "limits the request rate \\(503", id="503"),
            pytest.param(refuse(501, "NotImplemented"), "does not support the request \\(501", id="501"),
            pytest.param(answer(301), "another region", id="region"),
            pytest.param(hang_up, "connection was lost|could not be reached", id="hang up"),
            pytest.param(silence, "did not respond in time|could not be reached", id="silence"),
        ],
    )
    def test_a_refusal_is_an_error(self, operation: str, reply: Reply, words: str, wire: Wire) -> None:
        wire.reply = reply
        error = failure(lambda: EVERYTHING[operation](opened(wire.url)))
        assert error.message.startswith(f"cannot {operation} s3://bucket/audio")
        if operation != "list":
            assert "clx1/a.wav" in error.message
        assert re.search(words, error.message), error.message

    def test_a_closed_port_is_an_error(self, operation: str) -> None:
        port = free_port()
        error = failure(lambda: EVERYTHING[operation](opened(f"http://127.0.0.1:{port}")))
        assert f"127.0.0.1:{port}" in error.message

    def test_a_request_is_repeated_a_limited_number_of_times(self, operation: str, wire: Wire) -> None:
        wire.reply = refuse(503, "SlowDown")
        failure(lambda: EVERYTHING[operation](opened(wire.url)))
        assert len(wire.requests) == 1 + FAST.retries

    def test_a_temporary_failure_is_not_reported(self, operation: str, wire: Wire) -> None:
        whole = answer(206, "abc", Content_Range="bytes 0-2/3") if operation == "read" else answer(200, LISTING)
        wire.reply = lambda request, client: (
            refuse(503, "SlowDown") if len(wire.requests) <= FAST.retries else whole
        )(request, client)
        EVERYTHING[operation](opened(wire.url))
        # The first file that is written is read back: with a range, which this response lacks, and without.
        more = [request.method for request in wire.requests[1 + FAST.retries :]]
        assert more == (["GET", "GET"] if operation == "write" else [])


class TestRemovals:
    """A server may fail to remove a missing file. It is an error only if the file exists afterwards."""

    @pytest.mark.parametrize(("status", "is_error"), [(404, False), (200, True), (500, True), (403, True)])
    def test_a_failed_removal_is_an_error_unless_the_file_is_gone(
        self, status: int, is_error: bool, wire: Wire
    ) -> None:
        wire.reply = lambda request, client: answer(status if request.method == "HEAD" else 500)(request, client)
        if is_error:
            failure(lambda: opened(wire.url).remove("a.wav"))
        else:
            opened(wire.url).remove("a.wav")


class TestBuckets:
    @pytest.mark.parametrize("operation", ["list", "read", "write", "remove"])
    def test_a_missing_bucket_is_an_error(self, operation: str, s3: Cloud) -> None:
        storage = open_s3("s3://not-there", s3.options_at(s3.port))
        error = failure(lambda: EVERYTHING[operation](storage))
        assert isinstance(error, StorageUnavailable)
        assert "there is no bucket not-there" in error.message
        assert error.hint == "create the bucket first"

    def test_a_missing_file_is_not_found(self, wire: Wire) -> None:
        wire.reply = refuse(404, "NoSuchKey")
        storage = opened(wire.url)
        assert isinstance(failure(lambda: storage.open("clx1/a.wav")), StorageNotFound)
        assert storage.stat("clx1/a.wav") is None
        storage.remove("clx1/a.wav")


class TestListings:
    PAGE = LISTING.replace(
        "false</IsTruncated>", "true</IsTruncated><NextContinuationToken>more</NextContinuationToken>"
    )

    def test_a_listing_that_fails_on_a_later_page_is_an_error(self, wire: Wire) -> None:
        wire.reply = lambda request, client: (
            refuse(500, "InternalError") if "continuation-token=more" in request.target else answer(200, self.PAGE)
        )(request, client)
        failure(lambda: list(opened(wire.url).list()))
        listing = opened(wire.url, replace(FAST, page=1)).list()
        assert next(listing).path == "a.wav"
        assert "refused the request (500" in failure(lambda: next(listing)).message

    def test_a_listing_that_repeats_a_page_is_an_error(self, wire: Wire) -> None:
        wire.reply = answer(200, self.PAGE)
        assert "repeats a page" in failure(lambda: list(opened(wire.url, replace(FAST, page=2)).list())).message

    def test_a_truncated_page_is_an_error(self, wire: Wire) -> None:
        wire.reply = answer(200, self.PAGE[:150])
        failure(lambda: list(opened(wire.url).list()))

    @pytest.mark.parametrize("body", ["<html>Welcome</html>", "<ListBucketResult/>"])
    def test_a_server_that_has_every_file_is_not_an_empty_storage(self, body: str, wire: Wire) -> None:
        wire.reply = answer(200, body)
        error = failure(lambda: list(opened(wire.url).list()))
        assert isinstance(error, StorageUnavailable)
        assert "is not an object storage" in error.message

    @pytest.mark.parametrize("reply", [refuse(404, "NoSuchKey"), refuse(403, "AccessDenied")])
    def test_an_empty_storage_lists_as_empty(self, reply: Reply, wire: Wire) -> None:
        wire.reply = lambda request, client: (
            answer(200, "<ListBucketResult/>") if request.method == "GET" else reply
        )(request, client)
        storage = opened(wire.url)
        assert list(storage.list()) == []
        assert list(storage.list("clx1/")) == []
        assert [request.method for request in wire.requests].count("HEAD") == 1

    @pytest.mark.parametrize("key", ["a//b.wav", "a/../b.wav", "bell\x7f.wav"])
    def test_an_object_whose_name_is_not_a_path_is_an_error(self, key: str, wire: Wire) -> None:
        """It belongs to another program. A listing without it would be incomplete."""
        wire.reply = answer(200, LISTING.replace("a.wav", key))
        failure(lambda: list(opened(wire.url).list()))

    @pytest.mark.parametrize("prefix", ["../", "/", "a//b/", "a/../b", "line\nbreak/", "\ud800/x"])
    def test_a_prefix_that_is_not_a_path_lists_nothing_or_is_an_error(self, prefix: str, gs: Cloud) -> None:
        storage = open_gs("gs://mhsync-tests/odd", gs.options_at(gs.port))
        try:
            assert list(storage.list(prefix)) == []
        except StorageError as error:
            assert "\n" not in error.message


class TestTls:
    @pytest.fixture(scope="class")
    @classmethod
    def certificate(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A self-signed certificate for 127.0.0.1, with its key in the same file."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mhsync tests")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        file = tmp_path_factory.mktemp("tls") / "server.pem"
        pem = serialization.Encoding.PEM
        file.write_bytes(
            certificate.public_bytes(pem)
            + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return file

    def test_an_untrusted_certificate_is_refused(self, certificate: Path) -> None:
        with Wire(answer(200, "abc"), str(certificate)) as server:
            error = failure(lambda: opened(server.url).stat("a.wav"))
            assert "certificate is not trusted" in error.message
            assert "SSL_CERT_FILE" in str(error.hint)
            assert server.requests == []

    def test_a_certificate_in_ssl_cert_file_is_trusted(
        self, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with Wire(answer(200, "abc"), str(certificate)) as server:
            assert opened(server.url).stat("a.wav") is not None

    def test_a_redirect_from_https_to_http_is_refused(
        self, certificate: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with Wire(answer(307, Location=f"{wire.url}/x"), str(certificate)) as server:
            for operation in EVERYTHING.values():
                failure(lambda operation=operation: operation(opened(server.url)))
        assert wire.requests == []


class TestProxies:
    @pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
    def test_this_machine_is_never_reached_through_a_proxy(
        self, name: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Wire(answer(200, "of the proxy")) as proxy:
            monkeypatch.setenv(name, proxy.url)
            assert opened(wire.url).stat("a.wav") is not None
            assert opened(wire.url.replace("127.0.0.1", "localhost")).stat("a.wav") is not None
            assert proxy.requests == []
        assert len(wire.requests) == 2

    def test_another_machine_is_reached_through_the_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Wire(answer(502)) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            monkeypatch.setenv("MHSYNC_CLOUD_ENDPOINTS", "storage.invalid")
            failure(lambda: opened("https://storage.invalid").stat("a.wav"))
            assert {(request.method, request.target) for request in proxy.requests} == {
                ("CONNECT", "storage.invalid:443")
            }


class TestTranslation:
    def test_every_exception_is_translated(self) -> None:
        kinds = [kind for _, kind in inspect.getmembers(obstore.exceptions, inspect.isclass)]
        assert len(kinds) > 8
        for kind in [*kinds, FileNotFoundError, ValueError, OSError, RuntimeError, NotImplementedError]:
            if not issubclass(kind, Exception):
                continue
            error = failure(lambda kind=kind: raise_translated(kind(f"Debug {SECRET}\nRetryError")))
            assert error.message.startswith("cannot read s3://bucket/audio/a.wav: ")

    def test_a_panic_of_the_library_is_an_error(self) -> None:
        panic = type("PanicException", (BaseException,), {})
        failure(lambda: raise_translated(panic(SECRET)))

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    def test_an_interrupt_is_not_translated(self, kind: type[BaseException]) -> None:
        with pytest.raises(kind):
            raise_translated(kind())

    @pytest.mark.parametrize(("scheme", "has_checksum"), [("s3", True), ("gs", False), ("az", False)])
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 429, 500, 501, 503])
    def test_hints_are_for_the_service_of_the_url(self, scheme: str, has_checksum: bool, status: int) -> None:
        refused = RuntimeError(f"Server returned non-2xx status code: {status}: ")
        hint = storage_error(refused, "write", Place(scheme, "bucket")).hint or ""
        assert ("checksum" in hint) == (has_checksum and status == 501)
        assert scheme == "s3" or "s3" not in hint

    def test_an_error_of_mhsync_is_not_translated(self) -> None:
        ours = StorageNotFound("ours")
        with pytest.raises(StorageNotFound) as caught:
            raise_translated(ours)
        assert caught.value is ours

    def test_the_query_of_a_url_is_not_shown(self) -> None:
        text = f"HTTP error https://user:{SECRET}@host.example:1/a?sig={SECRET} HttpError"
        found = explain(obstore.exceptions.GenericError(text), PLACE)
        assert SECRET not in found.what
        assert "host.example:1" in found.what


def raise_translated(error: BaseException) -> None:
    with storage_errors("read", PLACE, "a.wav"):
        raise error


def test_an_unsupported_name_is_an_error(gs: Cloud) -> None:
    storage = open_gs("gs://mhsync-tests/odd", gs.options_at(gs.port))
    for path in ("bell\x7f.wav", "half\ud800.wav"):
        for call in (storage.stat, storage.open, storage.remove, lambda path: storage.copy(path, "b.wav")):
            error = failure(lambda call=call, path=path: call(path))
            assert "does not support this name" in error.message
        with pytest.raises(StorageError), storage.write(path):
            pass


def test_the_rest_of_a_truncated_response_is_requested_again(wire: Wire) -> None:
    """The body ends early twice. obstore requests the rest."""
    body = bytes(range(256)) * 40

    def reply(request: Request, client: socket.socket) -> None:
        first = int(request.headers["range"].removeprefix("bytes=").partition("-")[0])
        rest = body[first:]
        head = (
            f'HTTP/1.1 206 Part\r\nContent-Length: {len(rest)}\r\nETag: "one"\r\n'
            f"Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n"
            f"Content-Range: bytes {first}-{len(body) - 1}/{len(body)}\r\n\r\n"
        )
        client.sendall(head.encode() + (rest[:4000] if len(wire.requests) <= 2 else rest))

    wire.reply = reply
    with opened(wire.url).open("a.wav") as reader:
        assert reader.read() == body
    assert len(wire.requests) == 3
