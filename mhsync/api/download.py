"""One output, fetched whole: streamed, hashed on the way, its length proved, resumed where the link breaks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from mhsync.api.address import Address, AddressRefused
from mhsync.api.answers import retry_after
from mhsync.api.download_attempts import DownloadAttempts, FileMissing, LinkRefused
from mhsync.api.ranges import part_of, total_of
from mhsync.api.rate_limiter import RateLimiter
from mhsync.api.resume import Keeper, body_of, interrupted, must_continue
from mhsync.api.retry import MalformedResponse, is_retryable
from mhsync.api.timing import Time
from mhsync.api.transfer import Body, CannotContinue, Nowhere, Sink, TooLarge, Unusable
from mhsync.api.transport import HttpResponse, TooSlow, Transport
from mhsync.core.audio import HEAD, UNRECOGNISED, recognise
from mhsync.core.project import Download
from mhsync.core.receipt import Proof
from mhsync.errors import ApiError, Interrupted, MhsyncError, ServerFailed
from mhsync.fileio.partial import Partial
from mhsync.settings import Settings

W = TypeVar("W", bound=Sink)

_CONTENT = frozenset({200, 206, 416})
_REFUSED = frozenset({401, 403, 410})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WHOLE_FIRST = 2
"""Times that a file is begun anew before its parts are joined on trust."""
_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Fetched:
    """One output that is whole. `size` is in bytes, `source` its URL without the query.

    `audio_format` is what its first bytes show, such as `wav`, or `unrecognised`.
    """

    size: int
    sha256: str
    proof: Proof
    source: str
    audio_format: str = UNRECOGNISED


@dataclass(frozen=True, slots=True)
class Downloader:
    """Fetches outputs from download hosts. The API key never comes here."""

    transport: Transport
    rate_limiter: RateLimiter
    settings: Settings
    time: Time

    def fetch(
        self,
        download: Download,
        write: Callable[[], AbstractContextManager[W]],
        *,
        renew: Callable[[], Download],
        finish: Callable[[W, Fetched], None] | None = None,
        keeper: Keeper[W] | None = None,
    ) -> Fetched:
        """See `Client.download`."""
        job = DownloadAttempts(download, renew, self.settings, self.time)
        is_first = True
        try:
            while True:
                job.begin()
                try:
                    with write() as writer:
                        if keeper is not None and is_first:
                            job.restored = keeper.restore(writer, job.source, head=HEAD, check=self.time.check)
                        is_first = False
                        fetched = self._whole_or_kept(writer, job, keeper)
                        if finish is not None:
                            finish(writer, fetched)
                except MhsyncError:
                    # By the flag, not by the type: a storage may put an error of its own around ours.
                    if not job.is_restarting:
                        raise
                else:
                    return fetched
        finally:
            job.close()

    def _whole_or_kept(self, writer: W, job: DownloadAttempts, keeper: Keeper[W] | None) -> Fetched:
        """One whole body. Where that is interrupted, the keeper keeps what has come for a later run."""
        try:
            return self._whole(writer, job)
        except Interrupted:
            body, source = job.body, job.source

        def keep(partial: Partial) -> bool:
            return keeper is not None and keeper.keep(writer, partial)

        raise interrupted(body, source, keep)

    def _whole(self, writer: Sink, job: DownloadAttempts) -> Fetched:
        """Bring one body to its proved end. What nothing proves is fetched twice, and must be the same."""
        body = self._body(writer, job)
        proof = body.proof
        if proof is None:
            again = self._body(Nowhere(), job)
            if (again.size, again.sha256) != (body.size, body.sha256):
                raise job.restart(Unusable("nothing proves the file's length, and two downloads of it differ"))
            proof = again.proof
            if proof is None:
                proof = Proof.TWICE if self._is_confirmed(body, job) else Proof.UNCONFIRMED
        return Fetched(body.size, body.sha256, proof, job.source, recognise(body.head).format)

    def _is_confirmed(self, body: Body, job: DownloadAttempts) -> bool:
        """Whether file or host says that it ends: two downloads that are the same may both be cut at one place.

        Raises:
            DownloadError: one of them says that there is more.
        """
        header = recognise(body.head)
        if header.least > body.size:
            reason = f"the file itself says that it has {header.least} bytes, and {body.size} came"
            raise job.restart(Unusable(reason))
        is_confirmed = body.size in (header.total, body.total)
        behind = Body(Nowhere(), may_join=True, size=body.size)
        try:
            with self._open(behind, job) as answer:
                part, total = part_of(answer.header("content-range")), total_of(answer.header("content-range"))
        except ApiError:
            return is_confirmed  # No answer is no doubt, and no proof either.
        if answer.status == 206 and part is not None and part.start == body.size:
            raise job.restart(Unusable(f"the host has more than the {body.size} bytes that came"))
        if answer.status == 416 and total not in (None, body.size):
            raise job.restart(Unusable(f"the host says {total} bytes, and {body.size} came"))
        return is_confirmed or (answer.status == 416 and total == body.size)

    def _body(self, sink: Sink, job: DownloadAttempts) -> Body:
        """All that the host gives, over as many requests as it takes."""
        # A host that tells nothing by which a file is known is only trusted to give the rest of it once whole
        # transfers have failed; what was joined like that must come twice.
        body = Body(sink, may_join=job.restarts >= _WHOLE_FIRST)
        if job.restored is not None:
            body, job.resumed, job.restored = body_of(job.restored, sink), job.restored.partial, None
        body.limit = self.settings.download.max_output_size
        job.body = job.body or body
        while not body.is_ended:
            before = body.size
            failure = self._advance(body, job)
            if failure is None:
                continue
            if job.spare is None:
                # What drips brings a little each time: that is no gain, or it could be resumed for hours.
                has_gained = body.size > before and not isinstance(failure, TooSlow)
                job.rest(failure, _origin(job.download), has_gained=has_gained)
            if body.size and (not body.can_go_on or isinstance(failure, CannotContinue | MalformedResponse)):
                raise job.restart(failure)
        return body

    def _advance(self, body: Body, job: DownloadAttempts) -> MhsyncError | None:
        """One request; what went wrong with it, where another may fare better.

        Raises:
            DownloadError: no other may.
        """
        try:
            answer, job.spare = job.spare or self._open(body, job), None
            if body.size and answer.status == 200:
                job.spare = answer
                return CannotContinue("the host gave the whole file where the rest was asked for")
            with answer:
                _check_status(answer)
                if job.resumed is not None:
                    must_continue(answer, job.resumed)
                body.take(answer, self.settings.download.chunk, self.time.check)
        except (LinkRefused, FileMissing) as error:
            refusal = error
        except Unusable as error:
            return error
        except TooLarge as error:
            raise job.failed(error.message, "the limit is `max_output_size` of `DownloadSettings`") from None
        except ApiError as error:
            if is_retryable(error):
                return error
            raise job.failed(error.message, error.hint) from None
        else:
            return None
        job.renew_link(refusal)
        return None

    def _open(self, body: Body, job: DownloadAttempts) -> HttpResponse:
        """Ask for the body or the rest of it, through redirects, with no key."""
        try:
            address = Address.parse(job.download.url)
            for _ in range(self.settings.http.redirects + 1):
                answer = self._send(address, body, job)
                if answer.status not in _REDIRECTS:
                    return answer
                with answer:
                    address = address.join(answer.header("location"))
            problem = f"more than {self.settings.http.redirects} redirects"
        except AddressRefused as error:
            problem = str(error)
        raise job.failed(problem)

    def _send(self, address: Address, body: Body, job: DownloadAttempts) -> HttpResponse:
        self.time.check()
        attempts = self.settings.download.attempts
        with self.rate_limiter.permit(address.origin, job.failures, attempts) as permit:
            timeout = self.settings.download.read_timeout
            answer = self.transport.send("GET", address, body.headers, read_timeout=timeout)
            permit.answered(answer.status, retry_after(answer, self.time.wall()))
            return answer


def _origin(download: Download) -> str:
    """The host that the link names, for notices; `the host` where it cannot be read."""
    try:
        return Address.parse(download.url).origin
    except AddressRefused:
        return "the host"


def _check_status(answer: HttpResponse) -> None:
    status = answer.status
    if status in _CONTENT:
        return
    if status in _REFUSED:
        raise LinkRefused(f"the link was refused ({status})")
    problem = f"the host answered {status}"
    if status >= 500 or status in _PASSING:
        raise ServerFailed(problem, status=status)
    raise FileMissing(problem)
