"""A file of the user is replaced as a whole, and keeps its permissions."""

from __future__ import annotations

import os

import pytest

from mhsync.errors import UsageError
from mhsync.fileio.atomic import PRIVATE, replace_file


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
