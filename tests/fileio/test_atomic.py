"""A file of the user is replaced as a whole, and keeps its permissions."""

from __future__ import annotations

import os

import pytest

from mhsync.errors import UsageError
from mhsync.fileio.atomic import PRIVATE, replace_file, replace_own_file


def mode(path):
    return path.stat().st_mode & 0o777


def test_the_content_is_replaced_and_no_other_file_is_left(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text("old and longer")
    path.chmod(0o640)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["m.yaml"]


def test_a_new_file_follows_the_umask_unless_a_mode_is_given(tmp_path):
    mask = os.umask(0o027)
    try:
        replace_file(tmp_path / "a", b"x")
        replace_file(tmp_path / "b", b"x", mode=PRIVATE)
    finally:
        os.umask(mask)
    assert (mode(tmp_path / "a"), mode(tmp_path / "b")) == (0o640, 0o600)


def test_the_target_of_a_link_is_replaced(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    replace_file(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_failure_keeps_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "m.yaml"
    path.write_text("old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"cannot write .*m\.yaml: no space left on device"):
        replace_file(path, b"new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["m.yaml"]


def test_a_missing_folder_is_an_error_of_usage(tmp_path):
    with pytest.raises(UsageError, match="no such file or directory"):
        replace_file(tmp_path / "none" / "m.yaml", b"new")


@pytest.mark.parametrize("content", [b"audio", b""], ids=["other", "empty"])
def test_a_file_that_mhsync_did_not_write_is_not_replaced(tmp_path, content):
    path = tmp_path / "output.wav"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"output\.wav exists, and mhsync did not write it"):
        replace_own_file(path, b"own new", lambda start: start.startswith(b"own"))
    assert path.read_bytes() == content


def test_an_own_file_is_replaced_and_a_new_one_written(tmp_path):
    path = tmp_path / "p.json"
    for data in (b"own 1", b"own 2"):
        replace_own_file(path, data, lambda start: start.startswith(b"own"), mode=PRIVATE)
        assert path.read_bytes() == data
    with pytest.raises(UsageError, match="did not write it"):
        replace_own_file("/dev/null", b"own", lambda _start: True)
