"""The entry point of the plugin."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest
from mhsync_sftp import plugin
from mhsync_sftp.storage import SftpStorage

from mhsync import UsageError


def test_the_entry_point_is_found() -> None:
    (found,) = [entry for entry in entry_points(group="mhsync.storage_schemes") if entry.name == "sftp"]
    assert found.load() is plugin.open_storage


def test_the_factory_opens_a_storage(place) -> None:
    storage = plugin.open_storage(place.url, place.options)
    assert isinstance(storage, SftpStorage)
    assert not storage.is_local
    assert repr(storage) == f"SftpStorage('sftp://127.0.0.1:{place.server.port}/audio')"
    storage.close()


def test_an_invalid_option_is_an_error_when_the_storage_is_opened() -> None:
    with pytest.raises(UsageError, match="no storage option"):
        plugin.open_storage("sftp://me@host/audio", {"regoin": "eu"})
