"""One body over as many requests as it takes: what has come, and what each further answer adds to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mhsync.api.ranges import part_of, total_of, validator_of
from mhsync.api.transport import HttpResponse
from mhsync.core.audio import HEAD, is_text
from mhsync.core.receipt import Proof
from mhsync.errors import DownloadError

_NO_AUDIO = ("text/", "html", "json", "xml")
"""In a content type, each shows a text about the file in place of the file."""


class Sink(Protocol):
    """What takes the bytes, in order: a storage's writer, or any binary file."""

    def write(self, data: bytes, /) -> int: ...


class Nowhere:
    """A sink for bytes that only count for their hash."""

    def write(self, data: bytes, /) -> int:
        return len(data)


class Unusable(DownloadError):
    """This answer cannot be used; another may be."""


class TooLarge(DownloadError):
    """The file is larger than an output may be: no other answer would make it smaller."""


class CannotContinue(Unusable):
    """What has come cannot be continued: the file changed, or the host gives no parts."""


@dataclass(slots=True)
class Body:
    """What has come of one output so far."""

    sink: Sink
    may_join: bool = False
    """Whether parts may be joined though nothing tells that they are of one file: they prove nothing then."""
    limit: int | None = None
    """The most bytes that the file may have; None is no limit."""
    size: int = 0
    total: int | None = None
    """The size of the whole file, once the host has said it."""
    validator: str | None = None
    proof: Proof | None = None
    is_ended: bool = False
    """The host says that this is all; `proof` tells whether that can be believed."""
    was_joined: bool = False
    """Parts were joined on trust: only a second download can prove the whole."""
    head: bytes = b""
    """The first bytes of the file."""
    _etag: str = ""
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    @property
    def etag(self) -> str:
        """The ETag of the answer that began the file, `""` where it had none."""
        return self._etag

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def headers(self) -> Mapping[str, str]:
        """What to ask the host with: for all of it, or for the rest."""
        if not self.size or not self.can_go_on:
            return {}
        part = {"Range": f"bytes={self.size}-"}
        return part if self.validator is None else {**part, "If-Range": self.validator}

    @property
    def can_go_on(self) -> bool:
        """Whether the rest may be asked for, once a transfer broke."""
        return self.validator is not None or self.may_join

    def take(self, answer: HttpResponse, chunk: int, check: Callable[[], None]) -> None:
        """Add what the answer brings.

        Args:
            chunk: bytes read at once, at most.
            check: called between chunks; raises to stop.

        Raises:
            CannotContinue: it does not continue what has come.
            Unusable: it is not the file.
            TooLarge: it is, or says that it is, larger than the limit; nothing above the limit was added.
            ConnectionFailed: it was cut; what came until then was added.
        """
        if answer.status == 416:
            self._take_end(answer)
            return
        _check_type(answer)
        if answer.status == 206:
            self._check_part(answer)
        else:
            self._begin(answer)
        self._check_size(self.total or 0)
        while piece := answer.read(chunk):
            check()
            self._check_size(self.size + len(piece))
            self.sink.write(piece)
            self._digest.update(piece)
            self.size += len(piece)
            if len(self.head) < HEAD:
                self.head += piece[: HEAD - len(self.head)]
        self._end(answer)

    def _begin(self, answer: HttpResponse) -> None:
        self.total = answer.length
        self._etag = answer.header("etag")
        self.validator = validator_of(self._etag, answer.header("last-modified"), answer.header("date"))

    def _check_size(self, size: int) -> None:
        if self.limit is not None and size > self.limit:
            raise TooLarge(f"the file is larger than an output may be ({self.limit} bytes)")

    def _check_part(self, answer: HttpResponse) -> None:
        part = part_of(answer.header("content-range"))
        if part is None or part.start != self.size or answer.length not in (None, part.size):
            raise CannotContinue("the host gave another part than was asked for")
        if self.total is not None and part.total not in (None, self.total):
            raise CannotContinue("the file is not as long as was announced")
        if answer.header("etag") not in ("", self._etag):
            raise CannotContinue("the file changed")
        self.total = self.total if part.total is None else part.total
        self.was_joined = self.was_joined or self.validator is None

    def _take_end(self, answer: HttpResponse) -> None:
        """Nothing is left to give: the end, where the host says that the file is as long as what has come."""
        if not self.size or total_of(answer.header("content-range")) != self.size:
            raise CannotContinue("the host has no rest to give")
        if self.total not in (None, self.size):
            raise CannotContinue("the file is not as long as was announced")
        self.proof, self.is_ended = (Proof.LENGTH if self.validator is not None else None), True

    def _end(self, answer: HttpResponse) -> None:
        if not self.size:
            raise Unusable("the file is empty")
        if is_text(self.head):
            raise CannotContinue("the host sent a text in place of audio")
        if self.total is not None:
            if self.size > self.total:
                raise CannotContinue("the file is longer than announced")
            self.is_ended = self.size == self.total
            self.proof = Proof.LENGTH if self.is_ended and not self.was_joined else None
        else:
            self.is_ended = True
            self.proof = Proof.CHUNKED if answer.is_chunked and answer.status == 200 else None


def _check_type(answer: HttpResponse) -> None:
    kind = answer.header("content-type").partition(";")[0].strip().lower()
    if any(word in kind for word in _NO_AUDIO):
        raise Unusable(f"the host sent a text ({kind:.40}) in place of audio")
    encoding = answer.header("content-encoding").lower()
    if encoding not in ("", "identity"):
        raise Unusable("the host packed the file, which nobody asked for")
    framing = answer.header("transfer-encoding").lower()
    if framing not in ("", "identity", "chunked"):
        raise Unusable("the host packed the file for its way, which nobody asked for")
