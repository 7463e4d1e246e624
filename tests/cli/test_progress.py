"""Progress: a rewritten line on a terminal, a line every few seconds in a log, nothing when quiet."""

from __future__ import annotations

import io
import re
import threading

import pytest

from mhsync.cli.console import Console
from mhsync.cli.progress import Progress
from mhsync.cli.render.terminal import width_of
from mhsync.core.manifest import Entry
from mhsync.core.plan import Action, PlannedOutput, ProjectPlan, Verdict
from mhsync.core.run_report import Outcome, ProjectResult
from mhsync.reconcile.progress import (
    ChecksProgressed,
    ProjectFinished,
    StorageLocked,
    TransferEnded,
    TransferProgressed,
    WaitingForRenders,
    Warned,
)
from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.server import Sandbox
from tests.cli.cli_runner import CliRunner
from tests.cli.terminal import Terminal
from tests.cli.test_console import TerminalStream


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def watch(err, *, quiet=False, term="xterm"):
    console = Console((), {"TERM": term}, stderr=err)
    console.is_quiet = quiet
    clock = Clock()
    progress = Progress(console, clock=clock)
    return progress, progress, clock


def test_a_log_gets_a_line_every_few_seconds():
    err = io.StringIO()
    _, observer, clock = watch(err)
    for done in range(1, 21):
        observer(ChecksProgressed(done, 20))
        clock.now += 1.1
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
    assert err.getvalue() == "warning: the notifier \\x1b failed at https://x.example/\n"


def test_every_event_has_a_text():
    err = io.StringIO()
    _, observer, clock = watch(err)
    observer.expect(())
    observer(StorageLocked("pid 7 since 12:00"))
    clock.now += 10
    observer(ProjectFinished(ProjectResult("a", Outcome.NOT_ATTEMPTED)))
    clock.now += 10
    observer(WaitingForRenders(2, 125.0))
    assert err.getvalue().splitlines() == [
        "waiting for another run: pid 7 since 12:00",
        "1 of 1 done; last: a not attempted",
        "waiting for 2 renders, 2 min 5 s left",
    ]


def test_a_dumb_terminal_gets_plain_lines():
    err = TerminalStream()
    _, observer, clock = watch(err, term="dumb")
    for done in range(1, 4):
        clock.now += 6
        observer(ChecksProgressed(done, 3))
    assert err.getvalue() == "checked 2 of 3 projects\n"


def test_transfers_are_shown_in_several_lines_that_are_removed_before_other_output():
    err = TerminalStream()
    progress, observer, clock = watch(err)
    observer(TransferProgressed("a", "a/output.wav", 512, 1024))
    observer(Warned("something"))
    clock.now += 1
    observer(TransferProgressed("a", "a/output.wav", 1024, 1024))
    progress.end()
    frames = err.getvalue().split("\r\x1b[K")
    assert "a/output.wav" in frames[1]
    assert frames[1].count("\n") == 1
    assert frames[2] == "\x1b[1A\x1b[Kwarning: something\n"
    assert frames[3].startswith("[\x1b[32m###")
    assert frames[4:] == ["\x1b[1A\x1b[K"]


def test_lines_that_wrap_in_a_narrower_terminal_are_erased_completely(monkeypatch):
    err = TerminalStream()
    monkeypatch.setenv("COLUMNS", "120")
    progress, observer, _ = watch(err)
    observer(TransferProgressed("a", f"{'a' * 90}/output.wav", 512, 1024))
    monkeypatch.setenv("COLUMNS", "50")
    progress.end()
    # The line of the bar has 52 columns and occupies two rows, that of the file 119 and three rows.
    assert err.getvalue().endswith("\x1b[0m\r\x1b[K" + "\x1b[1A\x1b[K" * 4)


def test_after_a_stop_request_no_line_is_rewritten():
    err = TerminalStream()
    progress, observer, clock = watch(err)
    observer(ChecksProgressed(1, 3))
    progress._console.freeze_status()
    clock.now += 1
    observer(ChecksProgressed(2, 3))
    progress.end()
    assert err.getvalue() == "\r\x1b[Kchecked 1 of 3 projects"


def test_a_log_gets_a_line_every_ten_seconds_also_while_nothing_arrives():
    err = io.StringIO()
    progress, observer, clock = watch(err)
    for second in range(5):
        observer(TransferProgressed("a", "a/output.wav", second * 1024, 10240))
        clock.now += 1
    for _ in range(30):
        progress.tick()
        clock.now += 1
    lines = err.getvalue().splitlines()
    assert lines[0] == "0 of 1 file, 4.0 KiB, 409 B/s, 15 s left; in flight: a/output.wav 40% of 10.0 KiB"
    assert len(lines) == 3


def test_the_time_left_of_a_wait_counts_down_and_a_download_replaces_it():
    err = TerminalStream()
    _, observer, clock = watch(err)
    observer(WaitingForRenders(2, 540.0))
    clock.now += 60
    observer(ChecksProgressed(1, 2))
    clock.now += 1
    observer(TransferProgressed("a", "a/output.wav", 512, 1024))
    shown = err.getvalue().split("\x1b[K")
    assert shown[1:3] == ["waiting for 2 renders, 9 min left\r", "waiting for 2 renders, 8 min left\r"]
    assert "a/output.wav" in shown[3]


def test_deletes_follow_transfers_of_which_one_failed():
    err = TerminalStream()
    _, observer, clock = watch(err)
    observer.expect(
        tuple(
            ProjectPlan(
                Entry(id), Verdict.CHANGE, "", "", (Action.DOWNLOAD,), outputs=(PlannedOutput("p", "s", "f"),)
            )
            for id in "ab"
        )
    )
    observer(TransferEnded("a", "p", None))
    observer(TransferEnded("b", "p", 1024))
    clock.now += 1
    observer(ProjectFinished(ProjectResult("c", Outcome.DELETED)))
    assert err.getvalue().endswith("1 of 2 done; last: c deleted")


def test_the_block_ends_its_thread_and_removes_the_lines_also_after_an_error():
    err = TerminalStream()
    progress, observer, _ = watch(err)
    with pytest.raises(ValueError, match="broken"), progress:
        observer(ChecksProgressed(1, 3))
        raise ValueError("broken")
    assert err.getvalue() == "\r\x1b[Kchecked 1 of 3 projects\r\x1b[K"
    assert "mhsync-progress" not in {thread.name for thread in threading.enumerate()}


def test_after_the_last_transfer_there_is_no_empty_line():
    for err in (TerminalStream(), io.StringIO()):
        _, observer, clock = watch(err)
        observer(TransferProgressed("a", "a/output.wav", 512, 1024))
        clock.now += 11
        observer(TransferEnded("a", "a/output.wav", 1024))
        assert err.getvalue().rpartition("\x1b[K")[2] == ""


def test_before_the_first_delete_the_count_is_shown_and_not_the_last_check():
    err = TerminalStream()
    progress, observer, clock = watch(err)
    observer(ChecksProgressed(1, 1))
    outputs = (PlannedOutput("p", "s", "f"),)
    actions = (Action.DOWNLOAD, Action.DELETE)
    progress.expect((ProjectPlan(Entry("a"), Verdict.CHANGE, "", "", actions, outputs=outputs),))
    clock.now += 1
    observer(TransferEnded("a", "p", 1024))
    assert err.getvalue().endswith("\x1b[K0 of 1 done")


@pytest.fixture
def large(tmp_path):
    """A runner whose account has one project with a file of 2 MiB and a wide name."""
    folder = tmp_path / "large"
    folder.mkdir()
    project = SandboxProject(
        "big", name="\u671d\u306e\u30b8\u30f3\u30b0\u30eb", outputs=outputs_of("big", size=2 * 1024 * 1024)
    )
    with Sandbox(Account([project])) as sandbox:
        runner = CliRunner(folder, sandbox)
        runner.write("path: '{name}/{filename}'\nprojects: [{id: big}]")
        yield runner


def frames_of(shown):
    """The lines of each frame, without colours."""
    frames = re.split(r"\r\x1b\[K(?:\x1b\[1A\x1b\[K)*", shown.replace("\r\n", "\n"))
    return [re.sub(r"\x1b\[[\d;]*m", "", frame).split("\n") for frame in frames]


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize(
    "command", [("apply", "m.yaml"), ("check", "big", "--directory", "audio")], ids=["apply", "check"]
)
def test_a_large_download_on_a_real_terminal(large, command, columns):
    with Terminal(large, *command, "--bwlimit", "1M", columns=columns) as terminal:
        terminal.finish()
    assert terminal.code == 0
    frames = frames_of(terminal.shown)
    (name,) = {line.split()[0] for frame in frames for line in frame[1:] if "% of 2.0 MiB" in line}
    assert name.endswith("output.wav")
    assert any("KiB/s" in frame[0] or "MiB/s" in frame[0] for frame in frames)
    assert max(width_of(line) for frame in frames for line in frame) < columns
    assert frames[-1] == [""]
    assert "\x1b[?25" not in terminal.shown


def test_a_dumb_terminal_gets_no_rewritten_line(large):
    with Terminal(large, "check", "big", "--download", "--bwlimit", "2M", TERM="dumb") as terminal:
        terminal.finish()
    assert (terminal.code, terminal.shown) == (0, "")


def test_no_color_removes_the_colours_of_the_bar_only(large):
    with Terminal(large, "apply", "m.yaml", "--bwlimit", "2M", NO_COLOR="1") as terminal:
        terminal.finish()
    assert "[#" in terminal.shown
    assert not re.search(r"\x1b\[[\d;]*m", terminal.shown)


def test_ctrl_c_during_a_transfer_leaves_a_usable_terminal(large):
    with Terminal(large, "apply", "m.yaml", "--bwlimit", "200k") as terminal:
        terminal.read_until("% of 2.0 MiB")
        terminal.type("\x03")
        terminal.finish()
    assert terminal.code == 130
    after = terminal.shown.partition("stopping: ")[2]
    assert after
    assert "\x1b" not in after
