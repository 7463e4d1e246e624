"""Every error of the operating system becomes one clear line and one hint."""

from __future__ import annotations

import errno
import os

import pytest

from mhsync.errors import StorageError, StorageUnavailable
from mhsync.storage.os_errors import printable_path, reported_as

KNOWN = ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "ENAMETOOLONG", "EISDIR", "ENOTDIR", "ELOOP", "EINVAL",
         "EILSEQ", "EFBIG", "EIO", "EMFILE", "ENFILE", "ENOENT", "ESTALE", "ENOLCK"]  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_error_is_reported_in_plain_words(name: str) -> None:
    number = getattr(errno, name)
    with pytest.raises(StorageError) as failed, reported_as("write", "one/output.wav"):
        raise OSError(number, os.strerror(number), "secret/other/path")
    assert failed.value.message.startswith("cannot write one/output.wav: ")
    assert os.strerror(number) not in failed.value.message
    assert "secret" not in failed.value.message
    assert failed.value.hint


def test_an_unknown_error_is_reported_in_the_words_of_the_system() -> None:
    with pytest.raises(StorageError) as failed, reported_as("read", "a.wav"):
        raise OSError(errno.EXDEV, "anything")
    assert failed.value.message == f"cannot read a.wav: {os.strerror(errno.EXDEV)}"
    assert failed.value.hint


def test_an_error_without_a_number_is_reported() -> None:
    with pytest.raises(StorageError, match=r"cannot read a\.wav: unknown"), reported_as("read", "a.wav"):
        raise OSError("unknown")


def test_the_kind_of_error_can_be_chosen_and_the_cause_is_kept() -> None:
    cause = PermissionError(errno.EACCES, "denied")
    with pytest.raises(StorageUnavailable) as failed, reported_as("open", "outputs", StorageUnavailable):
        raise cause
    assert failed.value.__cause__ is cause


def test_other_exceptions_pass() -> None:
    with pytest.raises(KeyError), reported_as("read", "a.wav"):
        raise KeyError


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a b/ü.wav", "a b/ü.wav"),
        ("line\nbreak", r"line\x0abreak"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\udce9", r"\udce9"),
    ],
)
def test_a_path_is_shown_on_one_line(path: str, expected: str) -> None:
    assert printable_path(path) == expected
