"""A folder as a storage, and looks at it from outside."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mhsync.storage.local import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "outputs")


def on_disk(storage: LocalStorage) -> list[str]:
    """Everything below the folder, mhsync's own included."""
    return sorted(str(path.relative_to(storage.folder)) for path in storage.folder.rglob("*"))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd" if Path("/proc/self/fd").exists() else "/dev/fd").iterdir()))


@contextmanager
def as_unprivileged_user() -> Iterator[None]:
    """Permissions do not apply to root: run the block as an unprivileged user."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[LocalStorage]:
    """A storage that other users may look into, which pytest's own folders are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield LocalStorage(folder)
