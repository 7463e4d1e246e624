"""File systems with injected faults: a file is read completely, or the read is an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from faulty import FAULTS
from mhsync_fsspec.journal import Note, note_file

from mhsync import StorageError
from mhsync.storage_kit import machine_id
from mhsync.testing.content import content, get, paths, put

BEFORE, AFTER = content(100_000, "before"), content(120_000, "after")
UPLOADS = ("cut_upload", "short_upload", "put", "put_answer")
RENAMES = ("cut_copy", "short_copy", "copy", "copy_answer", "cut_mv", "short_mv", "mv", "mv_answer")
OTHERS = ("info", "ls", "ls_half", "makedirs", "rm", "rm_answer", "open")


@pytest.fixture
def storage(place):
    storage = place.opener.open()
    put(storage, "x/a.wav", BEFORE)
    yield storage
    FAULTS.inject()
    storage.close()


def read_consistently(storage) -> bytes:
    """The content of `x/a.wav`. `open`, `stat` and `list` must agree."""
    data = get(storage, "x/a.wav")
    assert data in (BEFORE, AFTER)
    assert storage.stat("x/a.wav").size == len(data)
    assert [(info.path, info.size) for info in storage.list()] == [("x/a.wav", len(data))]
    return data


@pytest.mark.parametrize("fault", [*UPLOADS, *RENAMES, *OTHERS])
def test_an_operation_that_fails_once_is_retried(storage, fault: str) -> None:
    FAULTS.inject(**{fault: 1})
    put(storage, "x/a.wav", AFTER)
    assert get(storage, "x/a.wav") == AFTER
    assert read_consistently(storage) == AFTER
    FAULTS.inject(**{fault: 1})
    storage.copy("x/a.wav", "y/b.wav")
    storage.remove("x/a.wav")
    FAULTS.inject(**{fault: 1})
    assert paths(storage) == ["y/b.wav"]
    assert get(storage, "y/b.wav") == AFTER
    FAULTS.inject(**{fault: 1})
    storage.remove("y/b.wav")
    assert paths(storage) == []


@pytest.mark.parametrize("fault", UPLOADS)
def test_an_upload_that_is_never_complete_does_not_change_the_file(storage, place, fault: str) -> None:
    FAULTS.inject(**{fault: 1000})
    with pytest.raises(StorageError, match=r"cannot write fsspec\+faulty.*/x/a\.wav: "):
        put(storage, "x/a.wav", AFTER)
    FAULTS.inject()
    assert read_consistently(storage) == BEFORE
    assert (place.folder / "x/a.wav").read_bytes() == BEFORE
    assert list((place.folder / ".mhsync/tmp").iterdir()) == []


@pytest.mark.parametrize("fault", [*RENAMES, "rm", "rm_answer"])
def test_if_a_rename_fails_the_path_has_the_old_or_the_new_file(storage, place, fault: str) -> None:
    FAULTS.inject(**{fault: 1000})
    try:
        put(storage, "x/a.wav", AFTER)
    except StorageError as error:
        assert "cannot write" in error.message
    FAULTS.inject()
    left = read_consistently(storage)
    again = place.opener.open()
    assert read_consistently(again) == left
    put(again, "x/a.wav", BEFORE)
    assert read_consistently(again) == BEFORE
    assert (place.folder / "x/a.wav").read_bytes() == BEFORE
    again.close()


@pytest.mark.parametrize("fault", ["ls", "ls_half"])
def test_a_listing_is_complete_or_an_error(storage, fault: str) -> None:
    """`find` of fsspec would return an incomplete listing without an error."""
    put(storage, "y/z/b.wav", b"x")
    FAULTS.inject(**{fault: 1000})
    with pytest.raises(StorageError, match="cannot list"):
        list(storage.list())
    for _ in range(8):
        FAULTS.inject(**{fault: 1})
        assert paths(storage) == ["x/a.wav", "y/z/b.wav"]


@pytest.mark.parametrize("fault", ["read", "end_early"])
def test_an_incomplete_read_is_an_error(storage, fault: str) -> None:
    FAULTS.inject(**{fault: 1})
    with pytest.raises(StorageError, match=r"cannot read .*/x/a\.wav"):
        get(storage, "x/a.wav")
    assert get(storage, "x/a.wav") == BEFORE


def test_files_are_read_if_the_file_system_reports_no_sizes(storage) -> None:
    FAULTS.inject(no_sizes=1_000_000)
    put(storage, "x/a.wav", AFTER)
    assert storage.stat("x/a.wav").size == len(AFTER)
    assert [info.size for info in storage.list()] == [len(AFTER)]
    FAULTS.left["short_upload"] = 1000
    with pytest.raises(StorageError, match="another number of 100000 bytes were stored"):
        put(storage, "x/a.wav", BEFORE)


STEPS = [
    *(("faulty", step) for step in ("upload:1", "upload:2", "rm:1", "copy:1", "rm:2", "rm:3")),
    *(("faultymv", step) for step in ("upload:1", "upload:2", "rm:1", "mv:1", "rm:2")),
]
"""The note is the second upload. The old file, the note and the source are removed in this order."""


@pytest.mark.parametrize(("place", "step"), STEPS, indirect=["place"])
def test_after_a_kill_at_any_step_the_path_has_the_old_or_the_new_file(place, step: str) -> None:
    first = place.opener.open()
    put(first, "x/a.wav", BEFORE)
    first.close()
    script = Path(__file__).parent / "support/faulty.py"
    task = json.dumps([place.url, step, "x/a.wav", 120_000])
    done = subprocess.run([sys.executable, str(script), task], check=False, capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    files = {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()}

    storage = place.opener.open()
    left = read_after_kill(storage)
    assert {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()} == files, (
        "reading changes nothing"
    )
    storage.sweep()
    assert read_after_kill(storage) == left
    assert (place.folder / "x/a.wav").read_bytes() == left
    put(storage, "x/a.wav", BEFORE)
    assert get(storage, "x/a.wav") == BEFORE
    assert [path for path in (place.folder / ".mhsync/tmp").iterdir() if path.suffix == ".json"] == []
    storage.close()


def read_after_kill(storage) -> bytes:
    data = get(storage, "x/a.wav")
    assert data in (BEFORE, b"k" * 120_000)
    assert [(info.path, info.size) for info in storage.list()] == [("x/a.wav", len(data))]
    return data


def note_on(storage, place, **changes: object) -> Note:
    """Write a note of another run that replaces `x/a.wav`."""
    (place.folder / ".mhsync/tmp/theirs").write_bytes(AFTER)
    note = Note(
        path="x/a.wav", source=".mhsync/tmp/theirs", size=len(AFTER), former=len(BEFORE), token="t",
        time=time.time(), pid=os.getppid(), machine=machine_id(),
    )  # fmt: skip
    note = replace(note, **changes)
    (place.folder / note_file("x/a.wav")).write_text(json.dumps(asdict(note)))
    return note


def test_a_file_that_another_run_is_replacing_is_not_changed(storage, place) -> None:
    note_on(storage, place)
    for change in (lambda: put(storage, "x/a.wav", BEFORE), lambda: storage.remove("x/a.wav")):
        with pytest.raises(
            StorageError,
            match=rf"another run is about to replace x/a\.wav: process {os.getppid()} on this machine since 20",
        ):
            change()
    storage.sweep()
    assert (place.folder / "x/a.wav").read_bytes() == BEFORE
    assert read_consistently(storage) == AFTER


def test_a_note_with_an_invalid_time_is_not_completed(storage, place) -> None:
    note_on(storage, place, time=1e300, machine="another")
    with pytest.raises(StorageError, match="on another machine since an unknown time"):
        put(storage, "x/a.wav", BEFORE)


@pytest.mark.parametrize(
    "changes",
    [{"time": time.time() - 90}, {"time": time.time() - 90, "machine": "another"}, {"pid": 2**22 + 1}],
    ids=["old", "old and elsewhere", "dead"],
)
def test_the_note_of_a_killed_run_is_completed(storage, place, changes: dict) -> None:
    note_on(storage, place, **changes)
    storage.sweep()
    assert (place.folder / "x/a.wav").read_bytes() == AFTER
    assert read_consistently(storage) == AFTER


def test_a_new_note_of_another_machine_is_not_completed(storage, place) -> None:
    note_on(storage, place, machine="another", pid=2**22 + 1)
    with pytest.raises(StorageError, match="another run"):
        put(storage, "x/a.wav", BEFORE)


def test_an_incomplete_file_whose_source_is_missing_is_removed(storage, place) -> None:
    note_on(storage, place, pid=2**22 + 1)
    (place.folder / ".mhsync/tmp/theirs").unlink()
    (place.folder / "x/a.wav").write_bytes(AFTER[:1000])
    assert storage.stat("x/a.wav") is None
    assert paths(storage) == []
    storage.sweep()
    assert not (place.folder / "x/a.wav").exists()


def test_an_old_file_whose_replacement_is_missing_is_kept(storage, place) -> None:
    note_on(storage, place, pid=2**22 + 1)
    (place.folder / ".mhsync/tmp/theirs").unlink()
    assert read_consistently(storage) == BEFORE
    storage.sweep()
    assert (place.folder / "x/a.wav").read_bytes() == BEFORE
    assert read_consistently(storage) == BEFORE


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "../outside"}, {"source": "/etc/hostname"}, {"source": "a\\b"}, {"source": 5}, {"size": "big"},
        {"path": "x/other.wav"}, {"time": None}, {"path": ".mhsync/tmp/theirs"}, {"source": "x/../../outside"},
    ],
    ids=str,
)  # fmt: skip
def test_an_invalid_note_is_ignored(storage, place, changes: dict) -> None:
    (place.folder.parent / "outside").write_bytes(AFTER)
    note_on(storage, place, **changes)
    assert read_consistently(storage) == BEFORE
    storage.sweep()
    assert read_consistently(storage) == BEFORE
    assert (place.folder.parent / "outside").read_bytes() == AFTER


def test_old_temporary_files_are_removed_and_young_ones_are_kept(storage, place) -> None:
    folder = place.folder / ".mhsync/tmp"
    for name in (f"{int(time.time() - 90_000)}-1-a", f"{int(time.time() - 80_000)}-1-b", "theirs"):
        (folder / name).write_bytes(b"x")
    storage.sweep()
    assert sorted(path.name.rpartition("-")[2] for path in folder.iterdir()) == ["b", "theirs"]
    assert read_consistently(storage) == BEFORE


def test_names_that_fsspec_reads_as_patterns_are_names(storage) -> None:
    for name in ("x/[a].wav", "x/?.wav", "x/*.wav"):
        put(storage, name, name.encode())
    storage.copy("x/*.wav", "y/[b].wav")
    storage.remove("x/*.wav")
    storage.remove("x/?.wav")
    assert paths(storage) == ["x/[a].wav", "x/a.wav", "y/[b].wav"]
    assert get(storage, "y/[b].wav") == b"x/*.wav"


def test_a_folder_with_the_path_is_reported_before_anything_is_written(storage) -> None:
    with pytest.raises(StorageError, match="there is a folder with this path"), storage.write("x"):
        pytest.fail("the block must not begin")
    with pytest.raises(StorageError, match="there is a folder with this path"):
        storage.copy("x/a.wav", "x")
    assert read_consistently(storage) == BEFORE


def test_nothing_can_be_written_into_the_folder_of_temporary_files(storage) -> None:
    with pytest.raises(StorageError, match="is reserved"):
        put(storage, ".mhsync/tmp/a", b"x")
