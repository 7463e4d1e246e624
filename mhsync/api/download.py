"""Downloads one complete output: streamed, with a checksum, resumed after interruptions, its length proved."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from mhsync.api.address import Address, AddressRefused
from mhsync.api.bandwidth import Bandwidth
from mhsync.api.download_attempts import DownloadAttempts, FileMissing, LinkRefused
from mhsync.api.errors import MalformedResponse, TooSlow
from mhsync.api.headers import parse_content_range, parse_retry_after, parse_unsatisfied_range
from mhsync.api.late_transport import LateTransport
from mhsync.api.rate_limiter import RateLimiter
from mhsync.api.resume import Keeper, interrupted_error, require_same_file, restored_transfer
from mhsync.api.retry import is_retryable
from mhsync.api.timing import Time
from mhsync.api.transfer import CannotResume, NullSink, OutputTooLarge, Sink, Transfer, UnusableResponse
from mhsync.api.transfer_progress import Report, TransferMeter
from mhsync.api.transport import HttpResponse
from mhsync.core.audio import HEAD, UNRECOGNISED, recognise
from mhsync.core.project import Download
from mhsync.core.receipt import Proof
from mhsync.dataclass import dataclass
from mhsync.errors import ApiError, Interrupted, MhsyncError, ServerFailed
from mhsync.fileio.partial import Partial
from mhsync.settings import Settings

W = TypeVar("W", bound=Sink)

_CONTENT = frozenset({200, 206, 416})
_LINK_REFUSED = frozenset({401, 403, 410})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RETRYABLE_4XX = frozenset({408, 425, 429})
_RESTARTS_BEFORE_UNVERIFIED_JOINS = 2


@dataclass(frozen=True, slots=True)
class Fetched:
    """One complete output. `size` is in bytes; `source` is its URL without the query.

    `audio_format` is detected from the first bytes, such as `wav`, or is `unrecognised`.
    """

    size: int
    sha256: str
    proof: Proof
    source: str
    audio_format: str = UNRECOGNISED


@dataclass(frozen=True, slots=True)
class Downloader:
    """Downloads outputs from download hosts. It does not have the API key."""

    transport: LateTransport
    rate_limiter: RateLimiter
    settings: Settings
    time: Time
    bandwidth: Bandwidth | None = None
    """The limit of all downloads together; None is no limit."""

    def fetch(
        self,
        download: Download,
        write: Callable[[], AbstractContextManager[W]],
        *,
        renew: Callable[[], Download],
        finish: Callable[[W, Fetched], None] | None = None,
        keeper: Keeper[W] | None = None,
        report: Report | None = None,
        finish_early: bool = False,
    ) -> Fetched:
        """See `Client.download`."""
        meter = TransferMeter(self.time, self.bandwidth, report)
        attempts = DownloadAttempts(download, renew, self.settings, self.time, meter)
        origin = _origin_of(download)
        is_first = True
        try:
            while True:
                attempts.begin()
                try:
                    with write() as writer:
                        if keeper is not None and is_first:
                            source, check = attempts.source, self.time.check
                            attempts.restored = keeper.restore(writer, source, head=HEAD, check=check)
                        is_first = False
                        fetched = self._fetch_or_keep(writer, attempts, keeper)
                        if not finish_early:
                            attempts.confirm_end(origin)
                        try:
                            if finish is not None:
                                finish(writer, fetched)
                        finally:
                            # Whatever `finish` found: it was about a file that is complete only now.
                            attempts.confirm_end(origin)
                except MhsyncError:
                    # By the flag, not by the type: a storage may raise an error of its own instead of ours.
                    if not attempts.is_restarting:
                        raise
                else:
                    return fetched
        finally:
            attempts.close()

    def _fetch_or_keep(self, writer: W, attempts: DownloadAttempts, keeper: Keeper[W] | None) -> Fetched:
        """Download a proved file. After an interruption the keeper keeps the received bytes for a later run."""
        try:
            return self._fetch_proved(writer, attempts)
        except Interrupted:
            transfer, source = attempts.transfer, attempts.source

        def keep(partial: Partial) -> bool:
            return keeper is not None and keeper.keep(writer, partial)

        raise interrupted_error(transfer, source, keep)

    def _fetch_proved(self, writer: Sink, attempts: DownloadAttempts) -> Fetched:
        """Download a file and prove that it is complete; without a proof, download it twice and compare."""
        transfer = self._transfer(writer, attempts)
        proof = transfer.proof
        if proof is None:
            second = self._transfer(NullSink(), attempts)
            if (second.size, second.sha256) != (transfer.size, transfer.sha256):
                reason = "the server sent no length, and two downloads of the file differ"
                raise attempts.restart(UnusableResponse(reason))
            proof = second.proof
            if proof is None:
                proof = Proof.TWICE if self._is_end_confirmed(transfer, attempts) else Proof.UNCONFIRMED
        audio = recognise(transfer.head)
        attempts.is_size_in_file = audio.total == transfer.size
        return Fetched(transfer.size, transfer.sha256, proof, attempts.source, audio.format)

    def _is_end_confirmed(self, transfer: Transfer, attempts: DownloadAttempts) -> bool:
        """Whether the file's header or the host confirms the end of a file that was downloaded twice.

        Two equal downloads may both be truncated at the same place.

        Raises:
            DownloadError: the file's header or the host shows that the file is longer.
        """
        header = recognise(transfer.head)
        if header.least > transfer.size:
            reason = f"the file's header announces {header.least} bytes, but {transfer.size} were received"
            raise attempts.restart(UnusableResponse(reason))
        is_confirmed = transfer.size in (header.total, transfer.total)
        rest = Transfer(NullSink(), may_join_unverified=True, size=transfer.size)
        try:
            with self._open(rest, attempts) as response:
                content_range = response.header("content-range")
        except ApiError:
            return is_confirmed  # Without a response there is neither a doubt nor a proof.
        part, total = parse_content_range(content_range), parse_unsatisfied_range(content_range)
        if response.status == 206 and part is not None and part.start == transfer.size:
            reason = f"the host has more than the {transfer.size} received bytes"
            raise attempts.restart(UnusableResponse(reason))
        if response.status == 416 and total not in (None, transfer.size):
            reason = f"the host reports {total} bytes, but {transfer.size} were received"
            raise attempts.restart(UnusableResponse(reason))
        return is_confirmed or (response.status == 416 and total == transfer.size)

    def _transfer(self, sink: Sink, attempts: DownloadAttempts) -> Transfer:
        """Receive everything that the host sends, over as many requests as it takes."""
        # Without a validator the rest is requested only after whole transfers have failed: the joined file is
        # then downloaded a second time to prove it.
        may_join = attempts.restarts >= _RESTARTS_BEFORE_UNVERIFIED_JOINS
        transfer = Transfer(sink, may_join_unverified=may_join)
        if attempts.restored is not None:
            transfer = restored_transfer(attempts.restored, sink)
            attempts.continued, attempts.restored = attempts.restored.partial, None
        transfer.limit = self.settings.download.max_output_size
        attempts.transfer = attempts.transfer or transfer
        while not transfer.is_ended:
            size_before = transfer.size
            failure = self._advance(transfer, attempts)
            if failure is None:
                continue
            if attempts.full_response is None:
                # A slow body that brings a few bytes is no progress: it could be resumed for hours.
                has_progressed = transfer.size > size_before and not isinstance(failure, TooSlow)
                origin = _origin_of(attempts.download)
                attempts.wait_before_retry(failure, origin, has_progressed=has_progressed)
            if transfer.size and (
                not transfer.can_resume or isinstance(failure, CannotResume | MalformedResponse)
            ):
                raise attempts.restart(failure)
        return transfer

    def _advance(self, transfer: Transfer, attempts: DownloadAttempts) -> MhsyncError | None:
        """Send one request and receive its response; the failure where another attempt may succeed, else None.

        Raises:
            DownloadError: no other attempt can succeed.
        """
        try:
            response, attempts.full_response = attempts.full_response or self._open(transfer, attempts), None
            if transfer.size and response.status == 200:
                attempts.full_response = response
                return CannotResume("the host sent the whole file instead of the requested rest")
            with response:
                _check_status(response)
                if attempts.continued is not None:
                    require_same_file(response, attempts.continued)
                transfer.receive(response, self._chunk, attempts.meter)
                if transfer.proof is not None and transfer is attempts.transfer:
                    attempts.unconfirmed = response.kept_open()
                else:
                    response.confirm_end()
        except (LinkRefused, FileMissing) as error:
            refusal = error
        except UnusableResponse as error:
            return error
        except OutputTooLarge as error:
            raise attempts.error(error.message, "the limit is `max_output_size` of `DownloadSettings`") from None
        except ApiError as error:
            if is_retryable(error):
                return error
            raise attempts.error(error.message, error.hint) from None
        else:
            return None
        attempts.renew_link(refusal)
        return None

    @property
    def _chunk(self) -> int:
        chunk = self.settings.download.chunk
        return chunk if self.bandwidth is None else min(chunk, self.bandwidth.piece_max)

    def _open(self, transfer: Transfer, attempts: DownloadAttempts) -> HttpResponse:
        """Request the file or its rest, without the API key, and follow redirects."""
        try:
            address = Address.parse(attempts.download.url)
            for _ in range(self.settings.http.redirects + 1):
                response = self._send(address, transfer, attempts)
                if response.status not in _REDIRECTS:
                    return response
                with response:
                    address = address.join(response.header("location"))
            problem = f"more than {self.settings.http.redirects} redirects"
        except AddressRefused as error:
            problem = str(error)
        raise attempts.error(problem)

    def _send(self, address: Address, transfer: Transfer, attempts: DownloadAttempts) -> HttpResponse:
        self.time.check()
        limit = self.settings.download.attempts
        with self.rate_limiter.permit(address.origin, attempts.failures, limit) as permit:
            timeout = self.settings.download.read_timeout
            response = self.transport.send("GET", address, transfer.request_headers, read_timeout=timeout)
            wait = parse_retry_after(response.header("retry-after"), response.header("date"), self.time.wall())
            permit.record_response(response.status, wait)
            return response


def _origin_of(download: Download) -> str:
    """The origin of the link, for notices; `the host` where the link is invalid."""
    try:
        return Address.parse(download.url).origin
    except AddressRefused:
        return "the host"


def _check_status(response: HttpResponse) -> None:
    """Raise the error for a status that is not a file or a part of it."""
    status = response.status
    if status in _CONTENT:
        return
    if status in _LINK_REFUSED:
        raise LinkRefused(f"the link was refused ({status})")
    problem = f"the host returned {status}"
    if status >= 500 or status in _RETRYABLE_4XX:
        raise ServerFailed(problem, status=status)
    raise FileMissing(problem)
