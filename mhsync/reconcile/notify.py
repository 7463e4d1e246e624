"""Notifications: events to the manifest's targets and to plugins, on a thread of their own.

A slow or failing receiver delays no download and fails no sync: its failures are warnings of the run.
"""

from __future__ import annotations

import queue
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime

from mhsync.core.event import RUN_FINISHED, RUN_STARTED, Event, Notifier, event_id
from mhsync.core.manifest import Manifest, ManifestFile, NotifyTarget
from mhsync.core.notify_variables import read_notify_url
from mhsync.core.project import format_time
from mhsync.core.receipt import Receipt
from mhsync.core.run_report import Outcome, ProjectResult, Report
from mhsync.dataclass import dataclass
from mhsync.errors import MhsyncError
from mhsync.hooks.invoke import attempt_on_thread
from mhsync.reconcile.context import RunContext
from mhsync.reconcile.progress import Warned

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FAILURES_IN_A_ROW = 3
"""A target that failed this often receives only the last event of the run."""


@dataclass(slots=True)
class _Target:
    where: str
    plugin: str
    notifier: Notifier
    on: frozenset[str]
    ids: frozenset[str]
    """The projects of the manifest file that names the target."""
    failures: int = 0
    skipped: int = 0
    """Events that were not sent because the target had failed too often."""

    def accepts(self, event: Event) -> bool:
        if event.name == RUN_FINISHED:
            return True
        if event.outcome is None:
            return not self.on
        if event.outcome == Outcome.UNCHANGED and event.outcome not in self.on:
            return False
        return event.subject in self.ids and (not self.on or event.outcome in self.on)


@dataclass(slots=True)
class Notifications:
    """Sends the events of one run."""

    run: RunContext
    started: datetime
    targets: list[_Target] = field(default_factory=list)
    _queue: queue.Queue[Event | None] = field(default_factory=queue.Queue)
    _warnings: list[str] = field(default_factory=list)
    _failures: Counter[str] = field(default_factory=Counter)
    """Errors of event hooks with their counts: each is reported once."""
    _thread: threading.Thread | None = None
    """None where nothing receives events: none is then made."""
    _hurry_at: float = float("inf")
    """From this time on only the last event is sent, so that it arrives in time."""

    @classmethod
    def open(cls, run: RunContext, manifest: Manifest, started: datetime) -> Notifications:
        """Open the targets; one that cannot be opened is a warning. `${NAME}` is looked up here, at apply only."""
        self = cls(run, started)
        for file in manifest.files:
            for target in file.notify:
                try:
                    self.targets.append(self._open_target(file, target))
                except MhsyncError as error:
                    run.observer(Warned(f"{_where(file, target)}: {error.problem.text}"))
        if self.targets or run.hooks.receives_events:
            self._thread = threading.Thread(target=self._deliver, name="mhsync-notify", daemon=True)
            self._thread.start()
        self._put(RUN_STARTED, event_id(run.client.origin, RUN_STARTED, format_time(started)), {})
        return self

    def project(self, result: ProjectResult, receipt: Receipt | None) -> None:
        """Send the final result of one project, once its receipt is written.

        An unchanged project is sent only to targets whose `on` lists `unchanged`.
        """
        if self._thread is None:
            return
        if result.outcome is Outcome.UNCHANGED and not any(result.outcome in target.on for target in self.targets):
            return
        ident = event_id(self.run.client.origin, result.id, result.outcome, self._marker(result, receipt))
        self._put(f"project.{result.outcome}", ident, result.to_json(), subject=result.id)

    def finish(self, report: Report) -> None:
        """Send the summary as the last event; then wait, within bounds, until all events are sent."""
        if self._thread is None:
            return
        ident = event_id(self.run.client.origin, RUN_FINISHED, format_time(self.started))
        self._put(RUN_FINISHED, ident, report.to_json() | {"exit": report.exit_code})
        self._queue.put(None)
        self._hurry_at = self.run.clock() + self.run.settings.run.notify_timeout / 2
        self._thread.join(self.run.settings.run.notify_timeout)
        if self._thread.is_alive():
            self._warnings.append("notifications were still under way when the time for them was up")
        often = [f"{text} ({count} times)" if count > 1 else text for text, count in self._failures.items()]
        for warning in [*often, *self._warnings]:
            self.run.observer(Warned(warning))

    def _open_target(self, file: ManifestFile, target: NotifyTarget) -> _Target:
        plugin, notifier = self.run.hooks.open_notifier(_resolve(target.url, self.run.environ), target.options)
        ids = frozenset(entry.id for entry in file.entries)
        return _Target(_where(file, target), plugin, notifier, frozenset(target.on), ids)

    def _marker(self, result: ProjectResult, receipt: Receipt | None) -> str:
        """What makes the id of the event: the receipt where there is one, else the start of the run."""
        if result.outcome in (Outcome.DELETED, Outcome.ARCHIVED):
            return "deleted"
        if result.outcome is Outcome.DOWNLOADED and receipt is not None and receipt.stored_at is not None:
            return format_time(receipt.stored_at)
        if result.outcome is Outcome.MOVED:
            return "\n".join(output.path for output in result.outputs)
        return format_time(self.started)

    def _put(self, name: str, ident: str, data: Mapping[str, object], *, subject: str | None = None) -> None:
        if self._thread is None:
            return
        self._queue.put(Event(ident, name, self.run.client.origin, self.run.now(), subject, data))

    def _deliver(self) -> None:
        late = 0
        while (event := self._queue.get()) is not None:
            if self.run.clock() > self._hurry_at and event.name != RUN_FINISHED:
                late += 1
                continue
            if late and event.name == RUN_FINISHED:
                self._warnings.append(f"{_events(late)} not sent: a receiver is too slow")
            self._call_hooks(event)
            for target in self.targets:
                if target.accepts(event):
                    self._send_unless_failing(target, event)

    def _call_hooks(self, event: Event) -> None:
        errors = attempt_on_thread(lambda: self.run.hooks.event(event))
        if isinstance(errors, BaseException):
            self._failures[f"an event hook raised {type(errors).__name__}"] += 1
        else:
            self._failures.update(error.message for error in errors)

    def _send_unless_failing(self, target: _Target, event: Event) -> None:
        if event.name == RUN_FINISHED:
            if target.skipped:
                why = f"the target had failed {_FAILURES_IN_A_ROW} times in a row"
                what = f"{_events(target.skipped)} not sent, because {why}"
                self._warnings.append(f"{target.where}: {target.plugin}: {what}")
        elif target.failures >= _FAILURES_IN_A_ROW:
            target.skipped += 1
            return
        self._send(target, event)

    def _send(self, target: _Target, event: Event) -> None:
        error = attempt_on_thread(lambda: target.notifier.notify(event))
        if not isinstance(error, BaseException):
            target.failures = 0
        else:
            target.failures += 1
            what = error.message if isinstance(error, MhsyncError) else type(error).__name__
            self._warnings.append(f"{target.where}: {target.plugin} could not send {event.name}: {what}")


def _resolve(url: str, environ: Mapping[str, str]) -> str:
    """The URL itself, or the value of the variable in `${NAME}`.

    Raises:
        MhsyncError: the variable holds a credential, is not set, or does not hold a URL.
    """
    reference = _REFERENCE.fullmatch(url)
    if reference is None:
        return url
    return read_notify_url(reference[1], environ, "the notify url")


def _events(number: int) -> str:
    return "1 event was" if number == 1 else f"{number} events were"


def _where(file: ManifestFile, target: NotifyTarget) -> str:
    return str(replace(target.position, file=file.file))
