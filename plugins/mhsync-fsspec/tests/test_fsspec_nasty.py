"""A file system that breaks whatever it can: what is read is whole, or an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from mhsync_fsspec.journal import Note, note_file
from nasty import MISDEEDS

from mhsync import StorageError
from mhsync.storage_kit import machine_id
from mhsync.testing.content import content, get, paths, put

BEFORE, AFTER = content(100_000, "before"), content(120_000, "after")
UPLOADS = ("cut_upload", "short_upload", "put", "put_answer")
PLACINGS = ("cut_copy", "short_copy", "copy", "copy_answer", "cut_mv", "short_mv", "mv", "mv_answer")
OTHERS = ("info", "ls", "ls_half", "makedirs", "rm", "rm_answer", "open")


@pytest.fixture
def storage(place):
    storage = place.opener.open()
    put(storage, "x/a.wav", BEFORE)
    yield storage
    MISDEEDS.expect()
    storage.close()


def whole(storage) -> bytes:
    """What `x/a.wav` reads as, once every way of looking at it agrees."""
    data = get(storage, "x/a.wav")
    assert data in (BEFORE, AFTER)
    assert storage.stat("x/a.wav").size == len(data)
    assert [(info.path, info.size) for info in storage.list()] == [("x/a.wav", len(data))]
    return data


@pytest.mark.parametrize("misdeed", [*UPLOADS, *PLACINGS, *OTHERS])
def test_what_goes_wrong_once_is_done_again(storage, misdeed: str) -> None:
    MISDEEDS.expect(**{misdeed: 1})
    put(storage, "x/a.wav", AFTER)
    assert get(storage, "x/a.wav") == AFTER
    assert whole(storage) == AFTER
    MISDEEDS.expect(**{misdeed: 1})
    storage.copy("x/a.wav", "y/b.wav")
    storage.remove("x/a.wav")
    MISDEEDS.expect(**{misdeed: 1})
    assert paths(storage) == ["y/b.wav"]
    assert get(storage, "y/b.wav") == AFTER
    MISDEEDS.expect(**{misdeed: 1})
    storage.remove("y/b.wav")
    assert paths(storage) == []


@pytest.mark.parametrize("misdeed", UPLOADS)
def test_an_upload_that_never_arrives_whole_leaves_what_was_there(storage, place, misdeed: str) -> None:
    MISDEEDS.expect(**{misdeed: 1000})
    with pytest.raises(StorageError, match=r"cannot write fsspec\+nasty.*/x/a\.wav: "):
        put(storage, "x/a.wav", AFTER)
    MISDEEDS.expect()
    assert whole(storage) == BEFORE
    assert (place.folder / "x/a.wav").read_bytes() == BEFORE
    assert list((place.folder / ".mhsync/tmp").iterdir()) == []


@pytest.mark.parametrize("misdeed", [*PLACINGS, "rm", "rm_answer"])
def test_a_file_that_cannot_be_put_in_place_is_whole_one_way_or_the_other(storage, place, misdeed: str) -> None:
    MISDEEDS.expect(**{misdeed: 1000})
    try:
        put(storage, "x/a.wav", AFTER)
    except StorageError as error:
        assert "cannot write" in error.message
    MISDEEDS.expect()
    left = whole(storage)
    again = place.opener.open()
    assert whole(again) == left
    put(again, "x/a.wav", BEFORE)
    assert whole(again) == BEFORE
    assert (place.folder / "x/a.wav").read_bytes() == BEFORE
    again.close()


@pytest.mark.parametrize("misdeed", ["ls", "ls_half"])
def test_a_listing_is_whole_or_an_error(storage, misdeed: str) -> None:
    """fsspec's own `find` would give what it has, and say nothing."""
    put(storage, "y/z/b.wav", b"x")
    MISDEEDS.expect(**{misdeed: 1000})
    with pytest.raises(StorageError, match="cannot list"):
        list(storage.list())
    for _ in range(8):
        MISDEEDS.expect(**{misdeed: 1})
        assert paths(storage) == ["x/a.wav", "y/z/b.wav"]


@pytest.mark.parametrize("misdeed", ["read", "end_early"])
def test_a_read_that_breaks_off_is_an_error_and_never_a_short_file(storage, misdeed: str) -> None:
    MISDEEDS.expect(**{misdeed: 1})
    with pytest.raises(StorageError, match=r"cannot read .*/x/a\.wav"):
        get(storage, "x/a.wav")
    assert get(storage, "x/a.wav") == BEFORE


def test_a_file_system_that_tells_no_sizes_is_read_to_learn_them(storage) -> None:
    MISDEEDS.expect(no_sizes=1_000_000)
    put(storage, "x/a.wav", AFTER)
    assert storage.stat("x/a.wav").size == len(AFTER)
    assert [info.size for info in storage.list()] == [len(AFTER)]
    MISDEEDS.left["short_upload"] = 1000
    with pytest.raises(StorageError, match="of 100000 bytes another number arrived"):
        put(storage, "x/a.wav", BEFORE)


STEPS = [
    *(("nasty", step) for step in ("upload:1", "upload:2", "rm:1", "copy:1", "rm:2", "rm:3")),
    *(("nastymv", step) for step in ("upload:1", "upload:2", "rm:1", "mv:1", "rm:2")),
]
"""A note is the second upload; the former file, the note and the source are removed, in this order."""


@pytest.mark.parametrize(("place", "step"), STEPS, indirect=["place"])
def test_a_kill_at_any_step_leaves_one_of_both_whole(place, step: str) -> None:
    first = place.opener.open()
    put(first, "x/a.wav", BEFORE)
    first.close()
    script = Path(__file__).parent / "support/nasty.py"
    task = json.dumps([place.url, step, "x/a.wav", 120_000])
    done = subprocess.run([sys.executable, str(script), task], check=False, capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    files = {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()}

    storage = place.opener.open()
    left = whole_of(storage)
    assert {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()} == files, (
        "only looked at"
    )
    storage.sweep()
    assert whole_of(storage) == left
    assert (place.folder / "x/a.wav").read_bytes() == left
    put(storage, "x/a.wav", BEFORE)
    assert get(storage, "x/a.wav") == BEFORE
    assert [path for path in (place.folder / ".mhsync/tmp").iterdir() if path.suffix == ".json"] == []
    storage.close()


def whole_of(storage) -> bytes:
    data = get(storage, "x/a.wav")
    assert data in (BEFORE, b"k" * 120_000)
    assert [(info.path, info.size) for info in storage.list()] == [("x/a.wav", len(data))]
    return data


def note_on(storage, place, **changes: object) -> Note:
    """A note of another run which is about to replace `x/a.wav`."""
    (place.folder / ".mhsync/tmp/theirs").write_bytes(AFTER)
    note = Note(
        path="x/a.wav", source=".mhsync/tmp/theirs", size=len(AFTER), former=len(BEFORE), token="t",
        time=time.time(), pid=os.getppid(), machine=machine_id(),
    )  # fmt: skip
    note = replace(note, **changes)
    (place.folder / note_file("x/a.wav")).write_text(json.dumps(asdict(note)))
    return note


def test_what_another_run_is_about_to_replace_is_left_to_it(storage, place) -> None:
    note_on(storage, place)
    for change in (lambda: put(storage, "x/a.wav", BEFORE), lambda: storage.remove("x/a.wav")):
        with pytest.raises(
            StorageError,
            match=rf"another run is about to replace x/a\.wav: process {os.getppid()} on this machine since 20",
        ):
            change()
    storage.sweep()
    assert (place.folder / "x/a.wav").read_bytes() == BEFORE
    assert whole(storage) == AFTER


def test_a_note_with_a_time_that_is_none_is_left_alone_too(storage, place) -> None:
    note_on(storage, place, time=1e300, machine="another")
    with pytest.raises(StorageError, match="on another machine since an unknown time"):
        put(storage, "x/a.wav", BEFORE)


@pytest.mark.parametrize(
    "changes",
    [{"time": time.time() - 90}, {"time": time.time() - 90, "machine": "another"}, {"pid": 2**22 + 1}],
    ids=["old", "old and elsewhere", "dead"],
)
def test_what_a_dead_run_began_is_ended(storage, place, changes: dict) -> None:
    note_on(storage, place, **changes)
    storage.sweep()
    assert (place.folder / "x/a.wav").read_bytes() == AFTER
    assert whole(storage) == AFTER


def test_a_dead_run_elsewhere_is_waited_for(storage, place) -> None:
    note_on(storage, place, machine="another", pid=2**22 + 1)
    with pytest.raises(StorageError, match="another run"):
        put(storage, "x/a.wav", BEFORE)


def test_a_half_file_whose_source_is_gone_counts_as_none_and_goes(storage, place) -> None:
    note_on(storage, place, pid=2**22 + 1)
    (place.folder / ".mhsync/tmp/theirs").unlink()
    (place.folder / "x/a.wav").write_bytes(AFTER[:1000])
    assert storage.stat("x/a.wav") is None
    assert paths(storage) == []
    storage.sweep()
    assert not (place.folder / "x/a.wav").exists()


def test_a_former_file_whose_replacement_is_gone_stays(storage, place) -> None:
    note_on(storage, place, pid=2**22 + 1)
    (place.folder / ".mhsync/tmp/theirs").unlink()
    assert whole(storage) == BEFORE
    storage.sweep()
    assert (place.folder / "x/a.wav").read_bytes() == BEFORE
    assert whole(storage) == BEFORE


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "../outside"}, {"source": "/etc/hostname"}, {"source": "a\\b"}, {"source": 5}, {"size": "big"},
        {"path": "x/other.wav"}, {"time": None}, {"path": ".mhsync/tmp/theirs"}, {"source": "x/../../outside"},
    ],
    ids=str,
)  # fmt: skip
def test_a_note_that_no_run_of_ours_wrote_holds_nothing(storage, place, changes: dict) -> None:
    (place.folder.parent / "outside").write_bytes(AFTER)
    note_on(storage, place, **changes)
    assert whole(storage) == BEFORE
    storage.sweep()
    assert whole(storage) == BEFORE
    assert (place.folder.parent / "outside").read_bytes() == AFTER


def test_old_temporary_files_go_and_young_ones_stay(storage, place) -> None:
    folder = place.folder / ".mhsync/tmp"
    for name in (f"{int(time.time() - 90_000)}-1-a", f"{int(time.time() - 80_000)}-1-b", "theirs"):
        (folder / name).write_bytes(b"x")
    storage.sweep()
    assert sorted(path.name.rpartition("-")[2] for path in folder.iterdir()) == ["b", "theirs"]
    assert whole(storage) == BEFORE


def test_names_that_fsspec_takes_for_patterns_are_names(storage) -> None:
    for name in ("x/[a].wav", "x/?.wav", "x/*.wav"):
        put(storage, name, name.encode())
    storage.copy("x/*.wav", "y/[b].wav")
    storage.remove("x/*.wav")
    storage.remove("x/?.wav")
    assert paths(storage) == ["x/[a].wav", "x/a.wav", "y/[b].wav"]
    assert get(storage, "y/[b].wav") == b"x/*.wav"


def test_a_folder_in_the_way_is_told_before_anything_is_written(storage) -> None:
    with pytest.raises(StorageError, match="a folder stands there"), storage.write("x"):
        pytest.fail("the block must not begin")
    with pytest.raises(StorageError, match="a folder stands there"):
        storage.copy("x/a.wav", "x")
    assert whole(storage) == BEFORE


def test_nothing_is_written_where_unfinished_files_lie(storage) -> None:
    with pytest.raises(StorageError, match="is reserved"):
        put(storage, ".mhsync/tmp/a", b"x")
