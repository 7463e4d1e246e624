"""An interrupted `check_result` says what became of the bytes, and the next one goes on with them, if that is safe."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mhsync.errors import Interrupted
from mhsync.sandbox import faults as f
from mhsync.sandbox.fault_context import FaultContext
from mhsync.sandbox.rules import Rule
from mhsync.sandbox.wire import Ending, HttpResponse
from tests.api.client_fixture import CliRunner

HALF = 20_000
_STALLS = Rule(f.Stall(bytes=HALF), nth=1, host="files")


@pytest.fixture
def halt(cli_runner: CliRunner, client, tmp_path: Path) -> Callable[..., str]:
    """`halt()`: fetch the first half, then stop; the message."""

    def interrupted(*rules: Rule) -> str:
        stop = threading.Event()
        cli_runner.faults(*(rules or (_STALLS,)))
        halted = client(cli_runner.sandbox.api_url, stop=stop.is_set)
        observer = threading.Thread(target=lambda: (_await_half(tmp_path), stop.set()))
        observer.start()
        began = time.monotonic()
        with pytest.raises(Interrupted) as caught:
            halted.check_result("one", download_directory=tmp_path)
        observer.join()
        assert time.monotonic() - began < 8
        cli_runner.faults()
        cli_runner.sandbox.requests.clear()
        return caught.value.message

    return interrupted


def _await_half(folder: Path) -> None:
    """Until nothing more comes: the host has stalled."""
    until, before = time.monotonic() + 5, 0
    while time.monotonic() < until:
        now = sum(path.stat().st_size for path in folder.glob(".mhsync-*.part") if path.exists())
        if now and now == before:
            return
        before = now
        time.sleep(0.3)


def again(cli_runner: CliRunner, folder: Path) -> list[str | None]:
    """Fetch the rest; the ranges that were asked for."""
    (path,) = cli_runner.client.check_result("one", download_directory=folder).downloaded_paths
    assert Path(path).read_bytes() == cli_runner.audio
    assert [file.name for file in folder.iterdir()] == ["output.wav"]
    return [entry.range for entry in cli_runner.sandbox.requests.of("files")]


def test_an_interrupted_download_goes_on_where_it_stopped(cli_runner: CliRunner, halt, tmp_path: Path):
    message = halt()
    kept = sum(path.stat().st_size for path in tmp_path.glob(".mhsync-kept-one-1.part"))
    assert 0 < kept <= HALF
    assert message.endswith(f"output.wav; {kept:,} bytes were kept for the next run")
    assert again(cli_runner, tmp_path) == [f"bytes={kept}-"]


def test_the_note_holds_no_query_of_the_link(halt, tmp_path: Path):
    halt()
    note = (tmp_path / ".mhsync-kept-one-1.json").read_text()
    assert "?" not in note
    assert "sig" not in note


def test_a_file_that_changed_meanwhile_is_fetched_anew(cli_runner: CliRunner, halt, tmp_path: Path):
    halt()
    cli_runner.sandbox.account.rewrite("one", "output.wav")
    ranges = again(cli_runner, tmp_path)
    assert len(ranges) == 1  # the whole file, which the host gave in its first answer


def test_a_host_that_no_longer_names_the_file_is_asked_for_all_of_it(cli_runner: CliRunner, halt, tmp_path: Path):
    """It gives the part that was asked for, and nothing that shows what file it is of."""
    halt()
    cli_runner.faults(Rule(f.SetHeaders(drop=("ETag", "Last-Modified")), nth=1, host="files"))
    ranges = again(cli_runner, tmp_path)
    assert len(ranges) == 2
    assert ranges[1] is None


def test_a_host_that_ignores_the_condition_and_changed_the_file_is_found_out(
    cli_runner: CliRunner, halt, tmp_path: Path
):
    halt()
    changed = f.SetHeaders(set={"ETag": '"another"'})
    cli_runner.faults(Rule(changed, nth=1, host="files"))
    assert again(cli_runner, tmp_path)[1] is None


class Nameless:
    """Half of the file, then silence, and nothing by which the file could be known again."""

    def apply(self, occasion: FaultContext) -> HttpResponse:
        nameless = f.SetHeaders(drop=("ETag", "Last-Modified")).apply(occasion)
        return replace(nameless, limit=HALF, stall=3600.0, ending=Ending.CLOSE)


def test_without_a_validator_nothing_is_kept(cli_runner: CliRunner, halt, tmp_path: Path):
    message = halt(Rule(Nameless(), nth=1, host="files"))
    assert message.endswith("bytes were discarded")
    assert list(tmp_path.iterdir()) == []
    assert again(cli_runner, tmp_path) == [None]


def test_bytes_that_changed_on_disk_are_fetched_anew(cli_runner: CliRunner, halt, tmp_path: Path):
    halt()
    (part,) = tmp_path.glob(".mhsync-kept-*.part")
    with part.open("r+b") as file:
        file.seek(100)
        file.write(b"somebody's edit")
    assert again(cli_runner, tmp_path) == [None]


def test_an_interrupted_rest_is_kept_again(cli_runner: CliRunner, halt, tmp_path: Path):
    halt()
    (part,) = tmp_path.glob(".mhsync-kept-*.part")
    first = part.stat().st_size
    halt(Rule(f.Stall(bytes=5000), nth=1, host="files"))
    (part,) = tmp_path.glob(".mhsync-kept-*.part")
    second = part.stat().st_size
    assert first < second <= first + 5000
    assert again(cli_runner, tmp_path) == [f"bytes={second}-"]


def test_a_part_of_another_source_is_not_gone_on_with(cli_runner: CliRunner, halt, tmp_path: Path):
    halt()
    note = tmp_path / ".mhsync-kept-one-1.json"
    note.write_text(note.read_text().replace("/output.wav", "/other.wav"))
    assert again(cli_runner, tmp_path) == [None]


def test_what_killed_runs_left_and_old_parts_are_cleared(cli_runner: CliRunner, halt, tmp_path: Path):
    halt()
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    (tmp_path / ".mhsync-0123456789abcdef.part").write_bytes(b"left by a process that was killed")
    assert again(cli_runner, tmp_path) == [None]
