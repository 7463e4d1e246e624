"""Progress: a rewritten line on a terminal, a line every few seconds in a log, nothing when quiet."""

from __future__ import annotations

import io

import pytest

from mhsync.cli.console import Console
from mhsync.cli.progress import Progress
from mhsync.core.report import Outcome, ProjectResult
from mhsync.reconcile.progress import (
    ChecksProgressed,
    ProjectFinished,
    StorageLocked,
    WaitingForRenders,
    Warned,
)
from tests.cli.test_console import TerminalStream


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def watch(err, *, quiet=False):
    console = Console((), {}, stderr=err)
    console.is_quiet = quiet
    clock = Clock()
    progress = Progress(console, clock=clock)
    return progress, progress, clock


def test_a_log_gets_a_line_every_few_seconds():
    err = io.StringIO()
    _, observer, clock = watch(err)
    for done in range(1, 21):
        observer(ChecksProgressed(done, 20))
        clock.now += 0.5
    assert err.getvalue().splitlines() == ["checked 11 of 20 projects"]


def test_a_quick_run_writes_nothing_into_a_log():
    err = io.StringIO()
    progress, observer, _ = watch(err)
    observer(ChecksProgressed(1, 1))
    observer(ProjectFinished(ProjectResult("a", Outcome.DOWNLOADED)))
    progress.end()
    assert err.getvalue() == ""


def test_on_a_terminal_the_line_is_rewritten_and_removed():
    err = TerminalStream()
    progress, observer, clock = watch(err)
    observer(ChecksProgressed(1, 2))
    clock.now += 1
    observer(ChecksProgressed(2, 2))
    progress.end()
    assert err.getvalue() == "\r\x1b[Kchecked 1 of 2 projects\r\x1b[Kchecked 2 of 2 projects\r\x1b[K"


def test_the_line_is_rewritten_at_most_every_tenth_of_a_second():
    err = TerminalStream()
    _, observer, _ = watch(err)
    for done in range(1000):
        observer(ChecksProgressed(done, 1000))
    assert err.getvalue().count("checked") == 1


@pytest.mark.parametrize("stream", [TerminalStream, io.StringIO])
def test_quiet_silences_progress_but_not_warnings(stream):
    err = stream()
    progress, observer, clock = watch(err, quiet=True)
    for _ in range(3):
        clock.now += 10
        observer(ChecksProgressed(1, 2))
        observer(WaitingForRenders(1, 5.0))
        observer(StorageLocked("pid 1"))
        observer(ProjectFinished(ProjectResult("a", Outcome.DOWNLOADED)))
    progress.end()
    assert err.getvalue() == ""
    observer(Warned("the notifier \x1b failed at https://x.example/?token=abc"))
    assert err.getvalue() == "warning: the notifier \\x1b failed at https://x.example/?…\n"


def test_every_event_has_a_text():
    err = io.StringIO()
    _, observer, clock = watch(err)
    observer.expect(0)
    observer(StorageLocked("pid 7 since 12:00"))
    clock.now += 10
    observer(ProjectFinished(ProjectResult("a", Outcome.NOT_ATTEMPTED)))
    clock.now += 10
    observer(WaitingForRenders(2, 125.0))
    assert err.getvalue().splitlines() == [
        "waiting for another run: pid 7 since 12:00",
        "1 of 1 done; last: a not attempted",
        "2 projects are rendering; waiting up to 2 min 5 s more",
    ]
