"""One call to the API: the request, its attempts, and what came of the last one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mhsync.api.answers import AGAIN, message_of, project_of, status_error
from mhsync.api.network import Address
from mhsync.api.retry import Attempts, Time
from mhsync.api.transport import Answer, NotTrusted, Transport
from mhsync.core.project import Project
from mhsync.errors import AnswerInvalid, ApiError, ConnectionFailed, ProjectNotFound
from mhsync.settings import HttpSettings


@dataclass(frozen=True, slots=True)
class Calls:
    """What every call to the API shares."""

    transport: Transport
    settings: HttpSettings
    time: Time
    base: Address
    headers: Mapping[str, str]
    secrets: tuple[str, ...]
    key_from: str

    def get(self, id: str) -> Project:
        """GET one project, trying again as often as the settings allow."""
        attempts = Attempts(self.settings, self.time)
        while True:
            try:
                return self._get_once(id, attempts.read_timeout)
            except ApiError as error:
                if not _may_fare_better(error):
                    raise
                rest = attempts.pause()
                if rest is None:
                    raise
            self.time.wait(rest)

    def delete(self, id: str) -> bool:
        """DELETE one project; True when it was there until this call."""
        attempts = Attempts(self.settings, self.time)
        is_lost = False
        while True:
            try:
                self._delete_once(id, attempts.read_timeout)
            except ProjectNotFound:
                return is_lost
            except ApiError as error:
                if not _may_fare_better(error):
                    raise
                is_lost = is_lost or error.status != 429
                rest = attempts.pause()
                if rest is None:
                    if is_lost and self._is_gone(id):
                        return True
                    raise
            else:
                return True
            self.time.wait(rest)

    def _is_gone(self, id: str) -> bool:
        """Whether a project whose DELETE got no answer is gone; False where that cannot be known either."""
        try:
            return self.get(id).is_gone
        except ProjectNotFound:
            return True
        except ApiError:
            return False

    def _get_once(self, id: str, read_timeout: float) -> Project:
        with self._send("GET", id, read_timeout) as answer:
            body = answer.read_all(self.settings.answer_max)
            self._check("GET", id, answer, body)
            return project_of(answer, body, id, self.secrets)

    def _delete_once(self, id: str, read_timeout: float) -> None:
        with self._send("DELETE", id, read_timeout) as answer:
            self._check("DELETE", id, answer, answer.read_all(self.settings.answer_max))

    def _send(self, method: str, id: str, read_timeout: float) -> Answer:
        self.time.check()
        address = Address(
            self.base.scheme, self.base.host, self.base.port, f"{self.base.path}/v1/audio-projects/{id}"
        )
        return self.transport.send(method, address, self.headers, read_timeout=read_timeout)

    def _check(self, method: str, id: str, answer: Answer, body: bytes | None) -> None:
        if answer.status not in (200, 204):
            raise status_error(method, id, answer.status, message_of(body, self.secrets), self.key_from)


def _may_fare_better(error: ApiError) -> bool:
    if isinstance(error, ConnectionFailed):
        return not isinstance(error, NotTrusted)
    return error.status in AGAIN or (isinstance(error, AnswerInvalid) and error.status in (None, 200))
