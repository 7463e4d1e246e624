"""Receives one output over as many responses as it takes, and checks that each response continues the last one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Protocol

from mhsync.api.digest import StreamDigest
from mhsync.api.headers import parse_content_range, parse_unsatisfied_range, strong_validator
from mhsync.api.sanitize import sanitize
from mhsync.api.transport import HttpResponse
from mhsync.core.audio import HEAD, is_text
from mhsync.core.receipt import Proof
from mhsync.dataclass import dataclass
from mhsync.errors import DownloadError

_TEXT_TYPES = ("text/", "html", "json", "xml")
"""A content type that contains one of these shows a text, such as an error page, and not audio."""


class Sink(Protocol):
    """Receives the bytes in order: the writer of a storage, or any binary file."""

    def write(self, data: bytes, /) -> int: ...


class NullSink:
    """Discards the bytes: for a second download of which only the checksum is needed."""

    def write(self, data: bytes, /) -> int:
        return len(data)


class UnusableResponse(DownloadError):
    """This response cannot be used; the next one may be usable."""


class OutputTooLarge(DownloadError):
    """The file is larger than an output may be; a retry would not help."""


class CannotResume(UnusableResponse):
    """The received bytes cannot be continued: the file changed, or the host does not support ranges."""


@dataclass(slots=True)
class Transfer:
    """One output, as far as it was received."""

    sink: Sink
    may_join_unverified: bool = False
    """Whether parts may be joined without a validator that proves that they belong to the same file.

    The length of such a file proves nothing.
    """
    limit: int | None = None
    """The largest size in bytes that the file may have; None is unlimited."""
    size: int = 0
    """Bytes received."""
    total: int | None = None
    """The size of the whole file in bytes, as soon as the host has reported it."""
    validator: str | None = None
    """The value for `If-Range`."""
    proof: Proof | None = None
    """What proves that the file is complete; None where nothing does."""
    is_ended: bool = False
    """Whether the host has sent the end of the file. `proof` shows whether it is reliable."""
    has_unverified_joins: bool = False
    """Whether parts were joined without a validator: only a second download can prove the file."""
    head: bytes = b""
    """The first bytes of the file."""
    _etag: str = ""
    _digest: StreamDigest = field(default_factory=StreamDigest)

    @property
    def etag(self) -> str:
        """The ETag of the first response, `""` where it had none."""
        return self._etag

    @property
    def sha256(self) -> str:
        """The checksum of the received bytes."""
        return self._digest.hexdigest()

    @property
    def request_headers(self) -> Mapping[str, str]:
        """The headers of the next request: none for the whole file, or a range for the rest."""
        if not self.size or not self.can_resume:
            return {}
        part = {"Range": f"bytes={self.size}-"}
        return part if self.validator is None else {**part, "If-Range": self.validator}

    @property
    def can_resume(self) -> bool:
        """Whether the rest may be requested after a transfer was interrupted."""
        return self.validator is not None or self.may_join_unverified

    def receive(self, response: HttpResponse, chunk: int, count: Callable[[Transfer, int], None]) -> None:
        """Add the body of a response.

        Args:
            chunk: the largest number of bytes in one read.
            count: called with this transfer and the size of each piece, before it is added; raises to stop.

        Raises:
            CannotResume: the response does not continue the received bytes.
            UnusableResponse: the response is not the file.
            OutputTooLarge: the file exceeds the limit; no byte above the limit was added.
            ConnectionFailed: the response was truncated; the bytes up to there were added.
        """
        if response.status == 416:
            self._receive_unsatisfied_range(response)
            return
        _check_type(response)
        if response.status == 206:
            self._check_part(response)
        else:
            self._begin(response)
        self._check_size(self.total or 0)
        try:
            while piece := response.read(chunk):
                count(self, len(piece))
                self._add(piece)
        finally:
            self._digest.join()
        self._end(response)

    def _add(self, piece: bytes) -> None:
        self._check_size(self.size + len(piece))
        self.sink.write(piece)
        # Only after the sink has taken the piece: the checksum is that of the bytes that are kept for a later run.
        self._digest.update(piece)
        self.size += len(piece)
        if len(self.head) < HEAD:
            self.head += piece[: HEAD - len(self.head)]

    def _begin(self, response: HttpResponse) -> None:
        self.total = response.length
        self._etag = response.header("etag")
        self.validator = strong_validator(self._etag, response.header("last-modified"), response.header("date"))

    def _check_size(self, size: int) -> None:
        if self.limit is not None and size > self.limit:
            raise OutputTooLarge(f"the file is larger than the limit of {self.limit} bytes")

    def _check_part(self, response: HttpResponse) -> None:
        part = parse_content_range(response.header("content-range"))
        if part is None or part.start != self.size or response.length not in (None, part.size):
            raise CannotResume("the host sent another range than the requested one")
        if self.total is not None and part.total not in (None, self.total):
            raise CannotResume("the size of the file changed during the download")
        if response.header("etag") not in ("", self._etag):
            raise CannotResume("the file changed during the download")
        self.total = self.total if part.total is None else part.total
        self.has_unverified_joins = self.has_unverified_joins or self.validator is None

    def _receive_unsatisfied_range(self, response: HttpResponse) -> None:
        """Handle a 416: it marks the end where the reported size of the file is the number of received bytes."""
        if not self.size or parse_unsatisfied_range(response.header("content-range")) != self.size:
            raise CannotResume("the host refused the requested range (416)")
        if self.total not in (None, self.size):
            raise CannotResume("the size of the file changed during the download")
        self.proof, self.is_ended = (Proof.LENGTH if self.validator is not None else None), True

    def _end(self, response: HttpResponse) -> None:
        if not self.size:
            raise UnusableResponse("the file is empty")
        if is_text(self.head):
            raise CannotResume("the host sent text instead of audio")
        if self.total is not None:
            if self.size > self.total:
                raise CannotResume("the file is longer than the host announced")
            self.is_ended = self.size == self.total
            self.proof = Proof.LENGTH if self.is_ended and not self.has_unverified_joins else None
        else:
            self.is_ended = True
            self.proof = Proof.CHUNKED if response.is_chunked and response.status == 200 else None


def _check_type(response: HttpResponse) -> None:
    """Refuse a text, and a body that is not the file itself.

    Raises:
        UnusableResponse: the headers show that the body is a text or is compressed.
    """
    kind = response.header("content-type").partition(";")[0].strip().lower()
    if any(word in kind for word in _TEXT_TYPES):
        raise UnusableResponse(f"the host sent text ({kind:.40}) instead of audio")
    for header, allowed in (("Content-Encoding", ()), ("Transfer-Encoding", ("chunked",))):
        coding = response.header(header.lower()).lower()
        if coding not in ("", "identity", *allowed):
            name = sanitize(coding, limit=40)
            raise UnusableResponse(
                f"the server sent a compressed body ({header}: {name}), which was not requested"
            )
