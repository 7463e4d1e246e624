"""Every error mhsync raises on purpose, in one tree.

    MhsyncError                      exit
    ├── UsageError                     2   a flag, a setting or an argument is wrong
    │   └── ManifestError              2   manifests have problems, all of them listed
    ├── RefusedError                   3   nothing was changed
    │   ├── GuardRefused                   the policy of a manifest does not allow the plan
    │   ├── ConfirmationMissing            deletion was not confirmed
    │   ├── PlanRefused                    a plugin vetoed the plan
    │   ├── LockMismatch                   what is stored differs from a lock file
    │   ├── PlanStale                      a saved plan no longer fits
    │   ├── Locked                         another run holds the storage; raised by `Storage.lock`
    │   └── LockTimeout                    another run held the storage until the time to wait was over
    ├── ApiError                       1   the API's response, or the lack of one
    │   ├── RequestInvalid                 400 and 422
    │   ├── AuthenticationFailed           401: the key is wrong
    │   ├── PaymentRequired                402
    │   ├── PermissionDenied               403
    │   ├── ProjectNotFound                404
    │   ├── RateLimited                    429 to the last attempt
    │   ├── ServerFailed                   5xx to the last attempt
    │   ├── ConnectionFailed               no response: refused, reset, timed out, TLS
    │   └── ResponseInvalid                a response that cannot be understood
    ├── CredentialsMissing             1   no API key was found
    ├── RenderFailed                   1   the project ended in error or canceled, or is gone
    ├── WaitTimeout                    4   still rendering when the time was up
    ├── DownloadError                  1   an output could not be fetched whole
    │   └── LinkExpired                    the signed link was refused: ask for a new one
    ├── OutputRejected                 1   a plugin rejected a downloaded file
    ├── StorageError                   1   a storage failed
    │   ├── StorageNotFound                what was to be read is not there
    │   ├── StorageUnavailable             the storage cannot be opened
    │   ├── PathOccupied                   the path of an output is taken by another file
    │   └── CopyNotProved                  a stored copy does not match its receipt
    ├── OutputsChanged                 1   the API offers other outputs than those stored
    ├── RetentionNotDue                1   the API shows that the retention of a project is not over
    ├── ReceiptInvalid                 1   a receipt cannot be trusted
    ├── SightingInvalid                1   a sighting cannot be read
    ├── PluginError                    1   a plugin cannot be loaded or misbehaved
    └── Interrupted                  130   Ctrl-C or SIGTERM

Messages are one line of what happened; `hint` is one line of what to do. Neither ever holds an API key or
the query of a signed link: the code that raises an error must ensure this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from mhsync.exit_codes import ExitCode
from mhsync.problem import NOWHERE as NOWHERE
from mhsync.problem import Position as Position
from mhsync.problem import Problem as Problem


class MhsyncError(Exception):
    """The root of the tree.

    Args:
        message: one line: what happened.
        hint: one line: what to do about it.
        id: the project it is about.
        position: the place in a file that it is about.
    """

    exit_code: ClassVar[int] = ExitCode.FAILED
    code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        id: str | None = None,
        position: Position = NOWHERE,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.id = id
        self.position = position

    @property
    def problem(self) -> Problem:
        """The error as a value."""
        return Problem(self.code, self.message, self.hint, self.position, self.id)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem that the error reports: one for most errors, several for a `ManifestError`."""
        return (self.problem,)


class UsageError(MhsyncError):
    """A flag, a setting or an argument is wrong; no request was sent to the API."""

    exit_code: ClassVar[int] = ExitCode.USAGE
    code = "usage"


class _Several(MhsyncError):
    """An error with several problems, all of them reported at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self._problems))

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self._problems


class ManifestError(_Several, UsageError):
    """One or several manifests cannot be used; `problems` lists every reason at once."""

    code = "manifest"


class RefusedError(MhsyncError):
    """A guard, a veto or a missing confirmation stopped the run before anything was changed."""

    exit_code: ClassVar[int] = ExitCode.REFUSED
    code = "refused"


class GuardRefused(_Several, RefusedError):
    """The policy of one or several manifests does not allow the plan; `problems` lists each reason."""

    code = "guard"


class ConfirmationMissing(RefusedError):
    """The plan has deletes, and deletion was not confirmed."""

    code = "confirmation_missing"


class PlanRefused(RefusedError):
    """Raised by a plugin's `mhsync_review_plan` to veto a plan."""

    code = "plan_refused"


class LockMismatch(_Several, RefusedError):
    """What is stored differs from a lock file (`mhsync lock`); `problems` lists each project."""

    code = "lock_mismatch"


class PlanStale(_Several, RefusedError):
    """A saved plan no longer matches its manifests, the account or the storage; `problems` lists each reason."""

    code = "plan_stale"


class Locked(RefusedError):
    """Another run holds the storage. `Storage.lock` raises it; a run waits, and ends with a `LockTimeout`.

    Args:
        holder: who holds it, such as `process 12 on host a`; None where the lock does not name its holder yet.
        since: when the holder took it, such as `2026-11-01T12:00:00Z`; None where that is not known.
    """

    code = "locked"

    def __init__(self, holder: str | None = None, since: str | None = None) -> None:
        self.holder = holder
        self.since = since
        since_then = "" if since is None else f" since {since}"
        super().__init__(f"held by {holder or 'another run'}{since_then}")


class LockTimeout(RefusedError):
    """Another run held the lock of the storage for longer than the lock timeout."""

    code = "lock_timeout"


class ApiError(MhsyncError):
    """The API responded with an error, or not at all.

    Attributes:
        status: the HTTP status, or None where there was no response.
    """

    code = "api"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        hint: str | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, id=id)
        self.status = status


class RequestInvalid(ApiError):
    """400 or 422: the API does not accept the request."""

    code = "request_invalid"


class AuthenticationFailed(ApiError):
    """401: the key is wrong. It ends a run, since every other request would fail too."""

    code = "authentication_failed"


class PaymentRequired(ApiError):
    """402: the account's plan or credits do not cover the request."""

    code = "payment_required"


class PermissionDenied(ApiError):
    """403: the account may not do this."""

    code = "permission_denied"


class ProjectNotFound(ApiError):
    """404: no such project for this key."""

    code = "not_found"


class RateLimited(ApiError):
    """429 to the last attempt."""

    code = "rate_limited"


class ServerFailed(ApiError):
    """A 5xx response to the last attempt."""

    code = "server_failed"


class ConnectionFailed(ApiError):
    """No response: refused, reset, timed out, a name that does not resolve, TLS."""

    code = "connection_failed"


class ResponseInvalid(ApiError):
    """A response that cannot be understood: not JSON, too large, another project's, a field of a wrong type."""

    code = "answer_invalid"


AnswerInvalid = ResponseInvalid
"""The earlier name of `ResponseInvalid`, kept for programs that import it."""


class CredentialsMissing(MhsyncError):
    """No API key was found; the message names the places that were searched."""

    code = "credentials_missing"


class RenderFailed(MhsyncError):
    """The project ended in `error` or `canceled`, or is gone, so that there is nothing to download."""

    code = "render_failed"


class WaitTimeout(MhsyncError):
    """The project was still rendering when the time to wait was up."""

    exit_code: ClassVar[int] = ExitCode.STILL_RENDERING
    code = "wait_timeout"


class DownloadError(MhsyncError):
    """An output could not be fetched whole."""

    code = "download"


class LinkExpired(DownloadError):
    """A download host refused a signed link (401, 403 or 410): a new GET gives a new one."""

    code = "link_expired"


class OutputRejected(MhsyncError):
    """A plugin's `mhsync_check_output` rejected a downloaded file; it did not become visible."""

    code = "output_rejected"


class StorageError(MhsyncError):
    """A storage operation failed."""

    code = "storage"


class StorageNotFound(StorageError):
    """The file to be opened does not exist."""

    code = "storage_not_found"


class StorageUnavailable(StorageError):
    """The storage itself cannot be opened."""

    code = "storage_unavailable"


class PathOccupied(StorageError):
    """The path of an output is taken by a file that no receipt names."""

    code = "path_occupied"


class CopyNotProved(StorageError):
    """A stored copy does not match its receipt, so the original is not deleted."""

    code = "copy_not_proved"


class OutputsChanged(MhsyncError):
    """The API offers other outputs than those stored, so the original is not deleted."""

    code = "outputs_changed"


class RetentionNotDue(MhsyncError):
    """The API, or its clock, shows that the retention of a project is not over, so that it is not deleted."""

    code = "retention_not_due"


class ReceiptInvalid(MhsyncError):
    """A receipt cannot be read, has the id of another project, or is newer than this version of mhsync."""

    code = "receipt_invalid"


class SightingInvalid(MhsyncError):
    """A sighting cannot be read, has the id of another project, or is newer than this version of mhsync.

    Attributes:
        is_newer: whether a newer mhsync wrote it.
    """

    code = "sighting_invalid"

    def __init__(
        self, message: str, *, hint: str | None = None, id: str | None = None, is_newer: bool = False
    ) -> None:
        super().__init__(message, hint=hint, id=id)
        self.is_newer = is_newer


class PluginError(MhsyncError):
    """A plugin cannot be loaded, or misbehaved; the message names it."""

    code = "plugin"


class Interrupted(MhsyncError):
    """Ctrl-C or SIGTERM; what was recorded so far is kept."""

    exit_code: ClassVar[int] = ExitCode.INTERRUPTED
    code = "interrupted"
