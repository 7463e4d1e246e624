"""`mhsync check`: its output, its downloads and the exit codes 0, 1 and 4."""

from __future__ import annotations

import re
import signal
import time

import pytest

from mhsync.sandbox import faults as f
from mhsync.sandbox.rules import Faults, Rule
from tests.cli.cli_runner import CliRunner, complete
from tests.cli.schemas import assert_valid
from tests.cli.terminal import Terminal


@pytest.mark.parametrize(
    ("id_", "args", "code", "schema"),
    [
        pytest.param("done", [], 0, "check", id="complete"),
        pytest.param("done", ["--wait"], 0, "check", id="complete, waited for"),
        pytest.param("queued", [], 0, "check", id="pending"),
        pytest.param("queued", ["--wait", "0.1s"], 4, "error", id="still rendering"),
        pytest.param("error", [], 1, "error", id="error"),
        pytest.param("canceled", ["--wait"], 1, "error", id="canceled"),
        pytest.param("gone", [], 1, "error", id="gone"),
    ],
)
def test_exit_codes_and_one_json_document_with_each(cli_runner, id_, args, code, schema):
    done = cli_runner.run("check", id_, *args, "--format", "json")
    assert done.code == code
    assert_valid(done.document, schema)
    assert cli_runner.run("check", id_, *args).code == code


def test_nothing_is_downloaded_unless_asked_for(cli_runner):
    cli_runner.run("check", "done", "--wait")
    assert list(cli_runner.folder.iterdir()) == []


def test_files_are_written_into_the_folder_itself_and_overwrite_nothing(cli_runner):
    (cli_runner.folder / "mine").mkdir()
    (cli_runner.folder / "mine/output.wav").write_text("precious", encoding="utf-8")
    done = cli_runner.run("check", "done", "--download", "--directory", "mine")
    assert done.code == 0
    assert "downloaded: mine/output-2.wav" in done.out
    assert (cli_runner.folder / "mine/output.wav").read_text(encoding="utf-8") == "precious"
    assert (cli_runner.folder / "mine/output-2.wav").stat().st_size == 4096


def test_directory_implies_download(cli_runner):
    done = cli_runner.run("check", "takes", "--directory", "new/folder", "--format", "json")
    assert_valid(done.document, "check")
    assert done.document["downloaded_paths"] == [
        "new/folder/output.wav", "new/folder/output-2.wav", "new/folder/output-3.wav",
    ]  # fmt: skip


def test_waiting_ends_when_the_render_does(cli_runner):
    from mhsync.sandbox.account import outputs_of

    soon = complete("soon", status="rendering", later=((0.0, "complete"),))
    cli_runner.sandbox.account.put(soon)
    assert outputs_of("soon") is not None
    done = cli_runner.run("check", "--wait", "soon", "--download")
    assert done.code == 0
    assert "waiting up to 10 min" in done.err
    assert (cli_runner.folder / "output.wav").stat().st_size == 4096
    assert "waiting" not in cli_runner.run("check", "--wait", "soon", "-q").err


def test_an_interrupted_check_reports_what_was_kept_and_the_next_one_resumes(cli_runner: CliRunner):
    """Uses a real process and a real signal."""
    cli_runner.sandbox.faults = Faults(Rule(f.Stall(bytes=2000), nth=1, host="files"))
    process = cli_runner.start("check", "done", "--directory", "audio")
    until = time.monotonic() + 20
    while not any(path.stat().st_size == 2000 for path in (cli_runner.folder / "audio").glob(".mhsync-*.part")):
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    (part,) = (cli_runner.folder / "audio").glob(".mhsync-kept-done-1.part")
    kept = part.stat().st_size
    assert kept == 2000
    assert f"{kept:,} bytes were kept for the next run" in err
    cli_runner.sandbox.requests.clear()

    assert cli_runner.run("check", "done", "--directory", "audio").code == 0

    assert [entry.range for entry in cli_runner.sandbox.requests.of("files")] == [f"bytes={kept}-"]
    assert [path.name for path in (cli_runner.folder / "audio").iterdir()] == ["output.wav"]


def test_a_file_in_place_of_the_directory_is_refused_with_a_hint(cli_runner):
    (cli_runner.folder / "taken").write_text("x")
    done = cli_runner.run("check", "done", "--directory", "taken")
    assert done.code == 1
    assert "taken is a file, not a directory\n  hint: name a directory for the downloads" in done.err


def test_a_wait_for_a_render_is_counted_down(cli_runner):
    with Terminal(cli_runner, "check", "rendering", "--wait", "30s") as terminal:
        assert re.search(r"waiting for 1 render, \d+ s left", terminal.read_until("s left"))
