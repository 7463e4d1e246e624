"""The storage under test is opened by name, here and in a process that never ends its write well."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhsync.storage.local import LocalStorage
from mhsync.testing import Opener

LOCAL = "mhsync.storage.local:LocalStorage"


def test_each_opening_gives_a_new_object_on_the_same_place(tmp_path: Path) -> None:
    one, two = (Opener(LOCAL, (str(tmp_path),)).open() for _ in range(2))
    assert isinstance(one, LocalStorage)
    assert isinstance(two, LocalStorage)
    assert one is not two
    assert one.folder == two.folder == tmp_path


def test_a_factory_that_returns_no_storage_is_reported() -> None:
    with pytest.raises(TypeError, match="builtins:dict gave a dict, no Storage"):
        Opener("builtins:dict").open()


def test_the_other_process_is_in_the_middle_of_its_write(tmp_path: Path) -> None:
    with Opener(LOCAL, (str(tmp_path),)).writing("a.wav", before=100_000) as process:
        (unfinished,) = (tmp_path / ".mhsync" / "tmp").iterdir()
        assert unfinished.stat().st_size == 100_000
        assert not (tmp_path / "a.wav").exists()
        assert process.poll() is None
    assert process.poll() is not None


def test_it_does_not_outlive_its_test(tmp_path: Path) -> None:
    with Opener(LOCAL, (str(tmp_path),)).writing("a.wav", before=10) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 1
    assert not (tmp_path / "a.wav").exists()


def test_it_gets_the_environment_it_needs(tmp_path: Path) -> None:
    opener = Opener(LOCAL, (str(tmp_path),), {"PYTHONDONTWRITEBYTECODE": "1", "MHSYNC_TEST_MARK": "here"})
    with opener.writing("a.wav", before=10) as process:
        environ = Path(f"/proc/{process.pid}/environ")
        if environ.exists():
            assert b"MHSYNC_TEST_MARK=here" in environ.read_bytes()
        assert process.poll() is None


def test_one_that_cannot_write_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(RuntimeError, match="a file is in the place of a folder"),
        Opener(LOCAL, (str(tmp_path / "file"),)).writing("a.wav", before=10),
    ):
        pass
