"""Whether the text of a storage is a path or a URL, and why it is neither."""

from __future__ import annotations

import pytest

from mhsync.core.storage_url import folder_problem, is_url, path_problem


@pytest.mark.parametrize("storage", ["s3://bucket", "FILE:///x", "a+b-c.1://x", "file://"])
def test_a_scheme_and_two_slashes_are_a_url(storage: str):
    assert is_url(storage)


@pytest.mark.parametrize("storage", ["outputs", "./s3://x", "s3:/bucket", "1s://x", "s3_x://b", "C:/audio"])
def test_other_text_is_a_path(storage: str):
    assert not is_url(storage)


@pytest.mark.parametrize("storage", ["outputs", "./s3:/x", "C:/audio", "C:\\audio", "a b/c", "./~", "a/b:c"])
def test_a_usable_path_has_no_problem(storage: str):
    assert path_problem(storage) is None


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ("~/audio", "storage begins with '~', which is not expanded"),
        ("s3_x://bucket", "storage is a URL whose scheme cannot be one"),
        ("s3:/bucket", "storage begins with a scheme and is no URL"),
        ("gs:bucket", "storage begins with a scheme and is no URL"),
    ],
)
def test_a_path_that_was_meant_as_something_else_is_refused(storage: str, message: str):
    problem = path_problem(storage)
    assert problem is not None
    assert (problem.code, problem.message) == ("storage", message)
    assert problem.hint


@pytest.mark.parametrize("url", ["file:///audio", "file://localhost/audio", "file:///a%20b"])
def test_a_file_url_of_this_machine_has_no_problem(url: str):
    assert folder_problem(url) is None


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file://host/audio", "not a folder of this machine"),
        ("file://", "not a folder of this machine"),
        ("file:///a?b", "a folder's URL has neither ? nor #"),
        ("file:///a#b", "a folder's URL has neither ? nor #"),
        ("file:///a%00b", "a folder's path cannot hold a NUL character"),
    ],
)
def test_another_file_url_is_refused(url: str, message: str):
    problem = folder_problem(url)
    assert problem is not None
    assert problem.message == message
    assert problem.hint
