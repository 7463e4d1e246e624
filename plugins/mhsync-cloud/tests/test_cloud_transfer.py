"""Transfers: uploads in parts, downloads in ranges, checksums, copies, listings and forked processes."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloud_desk import CloudEndToEnd, Desk
from cloud_memory import MIB, run
from cloud_servers import BUCKET, Cloud, s3_client
from cloud_wire import Request, Wire, answer
from mhsync_cloud import az
from mhsync_cloud import s3 as s3_module
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.plugin import open_s3
from mhsync_cloud.storage import CloudStorage

from mhsync import StorageError, StorageNotFound, StorageUnavailable
from mhsync.testing.content import content, get, paths, put


@pytest.fixture
def service(s3: Cloud) -> Any:
    """A client of another library."""
    return s3_client(s3.endpoint, "any", "key")


@pytest.fixture
def new_storage(s3: Cloud, prefix: str) -> Iterator[Callable[..., CloudStorage]]:
    def make(**bounds: Any) -> CloudStorage:
        url = f"s3://{BUCKET}/{prefix}"
        return s3_module.make(url, s3.options_at(s3.port), replace(Bounds(), **bounds))

    yield make


class TestUploads:
    def test_a_small_file_is_sent_with_its_checksum(self, s3: Cloud) -> None:
        """The fake does not check it, so the test checks the request."""
        with Wire(answer(200)) as wire:
            put(open_s3(f"s3://{BUCKET}/a", {"endpoint": wire.url}), "a.wav", content(1000))
            (request,) = puts(wire)
            assert request.body == content(1000)
            assert request.headers["x-amz-checksum-sha256"] == _base64(hashlib.sha256(content(1000)).digest())

    def test_each_part_of_a_large_file_is_sent_with_its_checksum(self, prefix: str, s3: Cloud) -> None:
        with Wire(answer(500)) as wire:
            storage = open_s3(f"s3://{BUCKET}/a", {"endpoint": wire.url})

            def reply(request: Request, client: socket.socket) -> None:
                started = "<InitiateMultipartUploadResult><UploadId>one</UploadId></InitiateMultipartUploadResult>"
                joined = '<CompleteMultipartUploadResult><ETag>"one"</ETag></CompleteMultipartUploadResult>'
                body = "abc" if request.method != "POST" else started if "uploads" in request.target else joined
                mark = "x-amz-checksum-sha256"
                answer(200, body, **{mark: request.headers[mark]} if mark in request.headers else {})(
                    request, client
                )

            wire.reply = reply
            data = content(11 * MIB)
            put(storage, "a.wav", data)
            (start, end), parts = [request for request in wire.requests if request.method == "POST"], puts(wire)
            assert start.headers["x-amz-checksum-algorithm"] == "SHA256"
            assert [len(part.body) for part in parts] == [5 * MIB, 5 * MIB, MIB]
            for number, part in enumerate(sorted(parts, key=lambda part: part.target)):
                digest = hashlib.sha256(data[number * 5 * MIB :][: 5 * MIB]).digest()
                assert part.headers["x-amz-checksum-sha256"] == _base64(digest)
                assert part.headers["x-amz-content-sha256"] == digest.hex()
                assert _base64(digest).encode() in end.body

    def test_no_checksum_is_sent_if_the_option_is_none(self, s3: Cloud, prefix: str) -> None:
        with Wire(answer(200)) as wire:
            put(open_s3(f"s3://{BUCKET}/a", {"endpoint": wire.url, "checksum": "none"}), "a.wav", b"abc")
            (request,) = puts(wire)
            assert "x-amz-checksum-sha256" not in request.headers
            assert request.headers["x-amz-content-sha256"] == hashlib.sha256(b"abc").hexdigest()

    @pytest.mark.parametrize("size", [0, 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 10 * MIB])
    def test_sizes_near_the_size_of_a_part(self, size: int, s3: Cloud, prefix: str) -> None:
        storage = s3.opener(prefix).open()
        put(storage, "a.wav", content(size))
        assert get(storage, "a.wav") == content(size)

    def test_a_buffer_may_be_changed_after_a_write(self, s3: Cloud, prefix: str) -> None:
        storage = s3.opener(prefix).open()
        buffer = bytearray(b"before")
        with storage.write("a.wav") as writer:
            writer.write(buffer)
            buffer[:] = b"after!"
            writer.write(memoryview(b" and more"))
        assert get(storage, "a.wav") == b"before and more"

    def test_an_upload_is_aborted_after_an_exception(self, s3: Cloud, service: Any, prefix: str) -> None:
        storage = s3.opener(prefix).open()
        with pytest.raises(ZeroDivisionError), storage.write("a.wav") as writer:
            for _ in range(12):
                writer.write(bytes(MIB))
            raise ZeroDivisionError
        assert paths(storage) == []
        assert "Uploads" not in service.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix)

    def test_an_upload_over_the_limit_of_the_services_is_refused(
        self, new_storage: Callable[..., CloudStorage]
    ) -> None:
        storage = new_storage(part=1)
        assert storage._bounds.largest == 10_000
        with pytest.raises(StorageError, match="longer than 10000 bytes"), storage.write("a.wav") as writer:
            writer.write(bytes(9999))
            writer.write(b"xy")
        assert paths(storage) == []

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("a.wav", "audio/wav"),
            ("A.MP3", "audio/mpeg"),
            ("a.b/c", "application/octet-stream"),
            ("r.json", "application/json"),
        ],
    )
    def test_the_content_type_depends_on_the_suffix(
        self, path: str, kind: str, s3: Cloud, service: Any, prefix: str
    ) -> None:
        put(s3.opener(prefix).open(), path, b"x")
        assert service.head_object(Bucket=BUCKET, Key=f"{prefix}/{path}")["ContentType"] == kind


class TestDownloads:
    @pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 10_000])
    def test_a_file_is_read_in_ranges(self, size: int, new_storage: Callable[..., CloudStorage]) -> None:
        storage = new_storage(read=1000, chunk=300)
        put(storage, "a.wav", content(size))
        assert get(storage, "a.wav") == content(size)
        with storage.open("a.wav") as reader:
            assert reader.read(7) + reader.read() == content(size)
        with storage.open("a.wav") as reader:
            assert b"".join(iter(lambda: reader.read1(64), b"")) == content(size)

    def test_a_file_that_is_replaced_while_it_is_read_is_an_error(
        self, new_storage: Callable[..., CloudStorage]
    ) -> None:
        storage = new_storage(read=100_000)
        put(storage, "a.wav", content(300_000, "one"))
        with storage.open("a.wav") as reader:
            assert reader.read(10) == content(300_000, "one")[:10]
            put(storage, "a.wav", content(300_000, "two"))
            with pytest.raises(StorageError, match="changed during the operation"):
                reader.read()

    def test_a_body_that_is_shorter_than_announced_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
        quick = Bounds(retries=1, retry_window=1, backoff=0.01, backoff_max=0.02)
        head = "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-19/20\r\nContent-Length: 20\r\n"
        head += 'ETag: "one"\r\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n'
        with Wire(lambda request, client: client.sendall(head.encode() + b"half of it")) as wire:
            storage = s3_module.make("s3://bucket", {"endpoint": wire.url}, quick)
            with storage.open("a.wav") as reader, pytest.raises(StorageError):
                reader.read()

    def test_a_short_body_that_the_library_accepts_is_an_error(
        self, s3: Cloud, prefix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        storage = s3.opener(prefix).open()
        put(storage, "a.wav", content(20))
        reader = storage.open("a.wav")
        monkeypatch.setattr(reader.raw._source, "_chunks", iter([content(20)[:10]]))
        with reader, pytest.raises(StorageError, match=r"cannot read s3://.*a\.wav: 10 of 20 bytes were received"):
            reader.read()

    def test_a_closed_reader_cannot_be_read(self, s3: Cloud, prefix: str) -> None:
        storage = s3.opener(prefix).open()
        put(storage, "a.wav", b"x")
        reader = storage.open("a.wav")
        reader.close()
        with pytest.raises(ValueError, match="closed"):
            reader.read()


class TestServersWithoutRanges:
    """They respond to a range request with 200: gofakes3, on which `rclone serve s3` is based, and others."""

    @pytest.fixture(autouse=True)
    def _keys(self, s3: Cloud) -> None:
        """Set the keys of the fake."""

    def test_a_file_is_requested_again_without_a_range(self) -> None:
        with Wire(answer(200, content(5000))) as wire:
            storage = s3_module.make("s3://bucket", {"endpoint": wire.url}, Bounds(read=1000, chunk=300))
            assert get(storage, "a.wav") == content(5000)
            assert get(storage, "a.wav") == content(5000)
            assert ["range" in request.headers for request in wire.requests] == [True, False, False]

    def test_ranges_are_used_after_an_empty_file(self) -> None:
        with Wire(answer(200)) as wire:
            storage = open_s3("s3://bucket", {"endpoint": wire.url})
            assert get(storage, "a.wav") == b""
            wire.reply = answer(206, "abc", Content_Range="bytes 0-2/3")
            assert get(storage, "b.wav") == b"abc"
            assert ["range" in request.headers for request in wire.requests] == [True, False, True]

    def test_an_empty_file_is_read_although_it_has_no_range(self) -> None:
        with Wire(answer(206, Content_Range="bytes 0-0/0")) as wire:
            wire.reply = lambda request, client: (
                answer(206, Content_Range="bytes 0-0/0") if "range" in request.headers else answer(200)
            )(request, client)
            assert get(open_s3("s3://bucket", {"endpoint": wire.url}), "a.wav") == b""

    def test_the_message_of_a_truncated_body_has_the_cause(self) -> None:
        quick = Bounds(retries=1, retry_window=1, backoff=0.01, backoff_max=0.02)

        def reply(request: Request, client: socket.socket) -> None:
            head = 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\nETag: "one"\r\n'
            client.sendall(f"{head}Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\nhalf of it".encode())

        with Wire(reply) as wire:
            storage = s3_module.make("s3://bucket", {"endpoint": wire.url}, quick)
            with (
                storage.open("a.wav") as reader,
                pytest.raises(StorageError, match="does not support range requests") as caught,
            ):
                reader.read()
            assert "timeout" in str(caught.value.hint)


class TestReadingBack:
    """A receipt must not name a file that the server accepts but cannot return."""

    def test_the_first_file_is_read_back(self, s3: Cloud) -> None:
        def reply(request: Request, client: socket.socket) -> None:
            (answer(200) if request.method == "PUT" else answer(403, "<Code>AccessDenied</Code>"))(request, client)

        with Wire(reply) as wire:
            storage = open_s3("s3://bucket", {"endpoint": wire.url})
            for _ in range(2):
                with pytest.raises(StorageUnavailable, match=r"was written, but cannot be read: .* denied"):
                    put(storage, "a.wav", b"abc")

    def test_no_further_file_is_read_back(self, s3: Cloud) -> None:
        with Wire(answer(206, "abc", Content_Range="bytes 0-2/3")) as wire:
            storage = open_s3("s3://bucket", {"endpoint": wire.url})
            for _ in range(3):
                put(storage, "a.wav", b"abc")
            assert [request.method for request in wire.requests] == ["PUT", "GET", "PUT", "PUT"]


class TestCopies:
    def test_a_file_too_large_for_the_server_is_copied_through_this_machine(
        self, new_storage: Callable[..., CloudStorage], service: Any, prefix: str
    ) -> None:
        storage = new_storage(copy_max=999)
        put(storage, "a.wav", content(1000))
        service.put_object_tagging(
            Bucket=BUCKET, Key=f"{prefix}/a.wav", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
        )
        storage.copy("a.wav", "b.wav")
        assert get(storage, "b.wav") == content(1000)
        assert paths(storage) == ["a.wav", "b.wav"]
        # The fake copies tags. A new object has none.
        assert service.get_object_tagging(Bucket=BUCKET, Key=f"{prefix}/b.wav")["TagSet"] == []

    def test_a_smaller_file_is_copied_by_the_server(
        self, new_storage: Callable[..., CloudStorage], service: Any, prefix: str
    ) -> None:
        storage = new_storage()
        put(storage, "a.wav", content(1000))
        service.put_object_tagging(
            Bucket=BUCKET, Key=f"{prefix}/a.wav", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
        )
        storage.copy("a.wav", "b.wav")
        assert service.get_object_tagging(Bucket=BUCKET, Key=f"{prefix}/b.wav")["TagSet"] != []

    def test_azure_does_not_copy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It may respond before the copy is complete."""
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
        with Wire(answer(206, "abc", Content_Range="bytes 0-2/3")) as wire:
            storage = az.make("az://container", {"account": "account", "endpoint": f"{wire.url}/account"})
            storage.copy("a.wav", "b.wav")
            assert "PUT" in [request.method for request in wire.requests]
            assert not any("x-ms-copy-source" in request.headers for request in wire.requests)

    def test_an_incomplete_copy_is_an_error(self, s3: Cloud) -> None:
        with Wire(answer(200)) as wire:
            wire.reply = lambda request, client: answer(200, "abc" if request.target.endswith("a.wav") else "ab")(
                request, client
            )
            storage = open_s3("s3://bucket", {"endpoint": wire.url})
            with pytest.raises(StorageError, match="not a complete copy"):
                storage.copy("a.wav", "b.wav")
            assert "DELETE" not in [request.method for request in wire.requests]

    def test_a_copy_of_a_missing_file_leaves_the_target_unchanged(self, s3: Cloud, prefix: str) -> None:
        storage = s3.opener(prefix).open()
        put(storage, "b.wav", b"kept")
        with pytest.raises(StorageNotFound):
            storage.copy("a.wav", "b.wav")
        assert get(storage, "b.wav") == b"kept"


class TestListings:
    def test_an_object_that_represents_a_folder_is_not_listed(self, s3: Cloud, service: Any, prefix: str) -> None:
        service.put_object(Bucket=BUCKET, Key=f"{prefix}/", Body=b"")
        storage = s3.opener(prefix).open()
        assert paths(storage) == []
        put(storage, "a.wav", b"x")
        assert paths(storage) == ["a.wav"]

    def test_another_prefix_with_the_same_beginning_is_not_listed(self, s3: Cloud, prefix: str) -> None:
        put(s3.opener(f"{prefix}/audio2").open(), "a.wav", b"x")
        put(s3.opener(f"{prefix}/audio").open(), "b.wav", b"x")
        assert paths(s3.opener(f"{prefix}/audio").open()) == ["b.wav"]

    def test_a_bucket_without_a_prefix_lists_all_objects(self, s3: Cloud, service: Any) -> None:
        service.create_bucket(Bucket="whole")
        storage = open_s3("s3://whole", s3.options_at(s3.port))
        put(storage, "a/b.wav", b"x")
        assert paths(storage) == ["a/b.wav"]

    @pytest.mark.parametrize("scheme", ["s3", "gs"])
    def test_the_version_is_the_etag_in_list_and_stat(
        self, scheme: str, prefix: str, request: pytest.FixtureRequest
    ) -> None:
        storage = request.getfixturevalue(scheme).opener(prefix).open()
        put(storage, "a.wav", b"x")
        (listed,) = storage.list()
        assert listed == storage.stat("a.wav")
        assert listed.version == hashlib.md5(b"x").hexdigest()


class TestProcesses:
    def test_a_forked_process_gets_an_error_and_does_not_hang(self, s3: Cloud, prefix: str) -> None:
        storage = s3.opener(prefix).open()
        put(storage, "a.wav", b"x")
        for use in (lambda: storage.stat("a.wav"), lambda: s3.opener(prefix).open().stat("a.wav")):
            assert in_a_fork(use) == "start processes with spawn, not with fork"
        assert get(storage, "a.wav") == b"x"

    def test_importing_the_plugin_does_not_import_obstore(self, tmp_path: Path) -> None:
        code = "import sys; import mhsync_cloud.plugin; print('obstore' in sys.modules)"
        status, out, err, _ = run([sys.executable, "-c", code], os.environ, tmp_path, 60)
        assert (status, out, err) == (0, "False\n", "")


def in_a_fork(use: Callable[[], object]) -> str:
    """The hint of the error in a forked process. The process is killed if it hangs."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        result = "nothing was raised"
        try:
            use()
        except StorageUnavailable as error:
            result = str(error.hint)
        except BaseException as error:
            result = repr(error)
        os.write(write, result.encode())
        os._exit(0)
    os.close(write)
    until = time.monotonic() + 20
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(0.01)
    with os.fdopen(read) as pipe:
        return pipe.read() or "it hung"


class TestEndToEnd:
    """A complete run with the fake. Kills and lost connections are tested with the real servers."""

    cloud = pytest.fixture(lambda self, s3: s3)
    desk = CloudEndToEnd.desk

    def test_a_second_apply_finds_nothing_to_do(self, desk: Desk) -> None:
        desk.settle()


def puts(wire: Wire) -> list[Request]:
    """The uploads. The first file of a storage is read back too."""
    return [request for request in wire.requests if request.method == "PUT"]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
