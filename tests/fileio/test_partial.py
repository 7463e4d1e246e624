"""Kept beginnings of downloads: what fits is given back once, all else is removed, and nothing else is touched."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mhsync.fileio.partial import Partial, PartialFolder, Restored

SOURCE = "https://files.test/a/output.wav"
DATA = b"RIFF" + bytes(range(256)) * 40
GOOD = Partial(SOURCE, '"v1"', '"v1"', len(DATA), 50_000, hashlib.sha256(DATA).hexdigest())


class Place:
    """A folder with kept files, and one where unfinished files lie."""

    def __init__(self, folder: Path) -> None:
        self.kept, self.work = folder / "kept", folder / "work"
        self.kept.mkdir()
        self.work.mkdir()
        self.folder = PartialFolder(lambda _make: self.opened(self.kept))

    @contextmanager
    def opened(self, folder: Path) -> Iterator[int]:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def keep(self, partial: Partial = GOOD, data: bytes = DATA, name: str = "a-1") -> bool:
        (self.work / "new").write_bytes(data)
        with self.opened(self.work) as work:
            return self.folder.keep(name, partial, work, "new")

    def restore(self, source: str = SOURCE, name: str = "a-1", check=lambda: None) -> Restored | None:
        (self.work / "again").write_bytes(b"")
        with self.opened(self.work) as work:
            return self.folder.restore(name, source, work, "again", head=12, check=check)

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.kept.iterdir())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_what_was_kept_is_given_back_once_with_its_hash_and_its_beginning(place: Place):
    assert place.keep()
    assert place.names == ["a-1.json", "a-1.part"]

    found = place.restore()

    assert found is not None
    assert (found.partial, found.digest.hexdigest(), found.head) == (GOOD, GOOD.sha256, DATA[:12])
    os.write(found.descriptor, b"more")
    os.close(found.descriptor)
    assert (place.work / "again").read_bytes() == DATA + b"more"
    assert place.names == []
    assert place.restore() is None


def test_a_note_holds_no_query_and_is_read_as_it_was_written(place: Place):
    place.keep()
    assert Partial.from_json(json.loads((place.kept / "a-1.json").read_text())) == GOOD


def _changed(**changes: object) -> str:
    return json.dumps({**GOOD.to_json(), **changes})


@pytest.mark.parametrize(
    "note",
    [
        "", "null", "[]", "{", "[" * 100_000, "\x00" * 100, "x" * 1_000_000, "NaN",
        json.dumps({key: value for key, value in GOOD.to_json().items() if key != "sha256"}),
        _changed(more=1), _changed(format="mhsync.partial/2"),
        _changed(size=0), _changed(size=-5), _changed(size=True), _changed(size=str(GOOD.size)), _changed(size=1e4),
        _changed(size=GOOD.size - 1), _changed(size=GOOD.size + 1), _changed(size=10**30),
        _changed(total=GOOD.size), _changed(total=False), _changed(total="50000"),
        _changed(validator=""), _changed(validator=None), _changed(validator='"a"\r\nX-Evil: 1'),
        _changed(validator="\ud800"), _changed(validator="v" * 5000), _changed(etag=3),
        _changed(source=""), _changed(source=SOURCE + "2"), _changed(source="https://other.test/a/output.wav"),
        _changed(sha256="0" * 64), _changed(sha256="A" * 64), _changed(sha256=None),
    ],
)  # fmt: skip
def test_a_note_that_does_not_fit_exactly_is_ignored_and_removed(place: Place, note: str):
    place.keep()
    (place.kept / "a-1.json").write_text(note, errors="surrogatepass")
    assert place.restore() is None
    assert place.names == []
    assert (place.work / "again").read_bytes() == b""


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"x", b"", DATA[:-1] + b"x"])
def test_bytes_that_changed_on_disk_are_not_gone_on_with(place: Place, data: bytes):
    place.keep()
    (place.kept / "a-1.part").write_bytes(data)
    assert place.restore() is None
    assert place.names == []


def test_a_file_with_a_second_name_is_never_written_to(place: Place):
    """Another program made a hard link to a kept file."""
    place.keep()
    theirs = place.kept.parent / "theirs"
    theirs.write_bytes(DATA)
    (place.kept / "a-1.part").unlink()
    os.link(theirs, place.kept / "a-1.part")

    assert place.restore() is None

    assert theirs.read_bytes() == DATA
    assert place.names == []


@pytest.mark.parametrize("name", ["a-1.part", "a-1.json"])
@pytest.mark.parametrize("kind", ["symlink", "fifo", "folder"])
def test_links_pipes_and_folders_are_not_followed_and_hold_nothing_up(place: Place, name: str, kind: str):
    place.keep()
    there = place.kept / name
    theirs = place.kept.parent / "theirs"
    theirs.write_bytes(there.read_bytes())
    there.unlink()
    if kind == "symlink":
        there.symlink_to(theirs)
    elif kind == "fifo":
        os.mkfifo(there)
    else:
        there.mkdir()

    assert place.restore() is None

    assert theirs.exists()
    assert (place.work / "again").read_bytes() == b""


def test_a_wish_to_stop_leaves_what_was_kept(place: Place):
    place.keep()

    def stop() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        place.restore(check=stop)
    assert place.names == ["a-1.json", "a-1.part"]
    found = place.restore()
    assert found is not None
    os.close(found.descriptor)


def test_a_file_that_another_process_goes_on_with_is_left_to_it(place: Place):
    import fcntl

    place.keep()
    with (place.kept / "a-1.part").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert place.restore() is None


def test_what_is_old_and_halves_of_pairs_are_cleared(place: Place):
    now = time.time()
    for name, age in {"old-1": 1000, "young-1": 10, "future-1": -1000, "half-1": 0, "other-1": 0}.items():
        place.keep(name=name)
        os.utime(place.kept / f"{name}.json", (now - age, now - age))
    (place.kept / "half-1.json").unlink()
    (place.kept / "other-1.part").unlink()
    (place.kept / "x.json.new").write_text("{")
    (place.kept / "unrelated.txt").write_text("stays")

    place.folder.clear_old(100, now)

    assert place.names == ["unrelated.txt", "young-1.json", "young-1.part"]


def test_a_later_part_replaces_the_one_before(place: Place):
    place.keep()
    more = DATA * 2
    later = Partial(SOURCE, '"v2"', '"v2"', len(more), 50_000, hashlib.sha256(more).hexdigest())
    assert place.keep(later, more)
    found = place.restore()
    assert found is not None
    os.close(found.descriptor)
    assert found.partial == later


def test_a_folder_that_is_not_there_keeps_nothing(place: Place):
    place.kept.rmdir()
    assert not place.keep()
    assert place.restore() is None
    place.folder.clear("a-1")
    place.folder.clear_old(1, time.time())
