"""The built-in plugin opens folders of this machine by their URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhsync.errors import UsageError
from mhsync.hooks.builtin import mhsync_storage_schemes, open_folder
from mhsync.storage.local import LocalStorage


def test_it_serves_the_scheme_file():
    assert mhsync_storage_schemes() == {"file": open_folder}


def test_a_folder_is_opened_by_its_decoded_path(tmp_path: Path):
    storage = open_folder(f"file://{tmp_path}/a%20b%E4", {})
    assert isinstance(storage, LocalStorage)
    assert storage.folder == tmp_path / "a b\udce4"


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("file://host/x", {}, "not a folder of this machine: 'file://host/x'"),
        ("file:///x", {"region": "eu"}, "a folder has no storage option 'region'"),
    ],
)
def test_another_machine_and_options_are_refused(url: str, options: dict[str, str], message: str):
    with pytest.raises(UsageError) as raised:
        open_folder(url, options)
    assert raised.value.message == message
    assert raised.value.hint
