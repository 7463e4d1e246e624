"""Servers that cannot replace a file in one step. After a kill at any step a complete file is found."""

from __future__ import annotations

import pytest

from mhsync.testing.content import get, paths, put

STEPS = ("rename", "mkdir", "remove")


@pytest.fixture
def limited(new_place):
    return new_place(extensions=())


class Killed(BaseException):
    """Simulates the end of the process."""


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
def test_a_kill_at_any_step_leaves_the_old_or_the_new_file_complete(limited, monkeypatch, step: int) -> None:
    storage = limited.opener.open()
    put(storage, "x/a.wav", b"before")
    done = 0
    session_class = type(storage._pool.take().session)
    original = {name: getattr(session_class, name) for name in ("rename", "remove")}

    def killing(name: str):
        def call(self, *paths):
            nonlocal done
            done += 1
            if done >= step:
                raise Killed
            return original[name](self, *paths)

        return call

    with monkeypatch.context() as patch:
        for name in original:
            patch.setattr(session_class, name, killing(name))
        try:
            put(storage, "x/a.wav", b"after!")
        except Killed:
            pass
        else:
            assert step == 5, "every other step is reached"
    again = limited.opener.open()
    assert get(again, "x/a.wav") in (b"before", b"after!")
    assert paths(again) == ["x/a.wav"]
    assert again.stat("x/a.wav").size == 6
    what = get(again, "x/a.wav")
    with again.lock():
        again.sweep()
        assert get(again, "x/a.wav") == what
        assert (limited.folder / "x/a.wav").read_bytes() == what
        assert [file for file in (limited.folder / ".mhsync/tmp").rglob("*") if file.is_file()] == []
    put(again, "x/a.wav", b"third")
    assert get(again, "x/a.wav") == b"third"
    again.close()
    storage.close()


def test_a_backup_can_be_copied_and_removed(limited) -> None:
    storage = limited.opener.open()
    for name in ("a.wav", "b.wav"):
        put(storage, name, name.encode())
        backup = limited.folder / ".mhsync/tmp/former" / name
        backup.parent.mkdir(exist_ok=True)
        (limited.folder / name).rename(backup)
    assert paths(storage) == ["a.wav", "b.wav"]
    storage.copy("a.wav", "c.wav")
    storage.remove("a.wav")
    storage.remove("b.wav")
    assert paths(storage) == ["c.wav"]
    assert get(storage, "c.wav") == b"a.wav"
    storage.close()
