"""A model of a disk that loses everything that was not flushed: it records what a run does with files.

POSIX allows a power failure to lose any change that no `fsync` covers, and to keep a later change while it loses an
earlier one. In this model, a file whose bytes were not all flushed is torn, and each change of a folder since its
last flush is there or not, independently of all others.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

TORN = b"torn"


@dataclass
class Node:
    """A file or a folder. `on_disk` is what the last flush wrote."""

    is_folder: bool
    data: bytes = b""
    on_disk: bytes | None = None
    entries: dict[str, Node] = field(default_factory=dict)
    entries_on_disk: dict[str, Node] = field(default_factory=dict)
    changes: list[tuple[str, Node | None]] = field(default_factory=list)
    """Of the entries, since the last flush; None removes one."""

    def change(self, name: str, node: Node | None) -> None:
        self.changes.append((name, node))
        self.entries.pop(name, None)
        if node is not None:
            self.entries[name] = node

    def flush(self) -> None:
        self.on_disk = self.data
        self.entries_on_disk, self.changes = dict(self.entries), []


Choice = Callable[[Node], bool]
"""Whether a change that was not flushed survives; called for each change with its folder."""


def after_power_failure(root: Node, survives: Choice, path: str = "") -> Iterator[tuple[str, bytes]]:
    """The files that are found below a folder, with their bytes."""
    entries = dict(root.entries_on_disk)
    for name, node in root.changes:
        if survives(root):
            entries.pop(name, None)
            if node is not None:
                entries[name] = node
    for name, node in entries.items():
        if node.is_folder:
            yield from after_power_failure(node, survives, f"{path}{name}/")
        else:
            yield f"{path}{name}", node.data if node.on_disk == node.data else TORN


def choices(random: Random) -> Iterator[Choice]:
    """The extremes, and some of the cases between them."""
    yield lambda _: False
    yield lambda _: True
    for _ in range(6):
        share = random.random()
        yield lambda _, share=share: random.random() < share


class Recorder:
    """Follows the changes below one folder, in the order in which they happen.

    Args:
        root: an existing folder. What it holds counts as flushed.
        on_change: called after each change and each flush.
        flushes: whether a flush of this node is seen; False imitates a program that forgot it.
    """

    def __init__(
        self, root: Path, on_change: Callable[[], None], flushes: Callable[[Node], bool] = lambda _: True
    ) -> None:
        self.root = Node(is_folder=True)
        self._on_change = on_change
        self._sees_flush = flushes
        self._lock = threading.RLock()
        self._nodes = {root.stat().st_ino: self.root}
        self.flushed: list[Node] = []

    @contextmanager
    def recording(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Replace the functions of `os` that change files."""
        for name in ("open", "write", "fsync", "fdatasync", "replace", "mkdir", "unlink", "remove", "rmdir"):
            self._watch(monkeypatch, name, getattr(self, f"_{name}"))
        os.supports_dir_fd.add(os.open)
        try:
            yield
        finally:
            os.supports_dir_fd.discard(os.open)
            monkeypatch.undo()

    def event(self, action: Callable[[], None]) -> None:
        """Run an action between two changes."""
        with self._lock:
            action()

    def _watch(self, monkeypatch: pytest.MonkeyPatch, name: str, note: Callable[..., bool]) -> None:
        real = getattr(os, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                before = self._exists(args, kwargs) if name == "open" else False
                result = real(*args, **kwargs)
                if note(*args, result=result, before=before, **kwargs):
                    self._on_change()
                return result

        monkeypatch.setattr(os, name, watched)

    def _place(self, path: Any, folder: int | None) -> tuple[Node | None, str]:
        parent, name = os.path.split(os.fspath(path))
        info = os.stat(parent or ".", dir_fd=folder)
        return self._nodes.get(info.st_ino), name

    def _exists(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        try:
            os.stat(args[0], dir_fd=kwargs.get("dir_fd"), follow_symlinks=False)
        except OSError:
            return False
        return True

    def _add(self, path: Any, folder: int | None, node: Node) -> bool:
        parent, name = self._place(path, folder)
        if parent is None:
            return False
        info = os.stat(path, dir_fd=folder, follow_symlinks=False)
        self._nodes[info.st_ino] = node
        parent.change(name, node)
        return True

    def _open(self, path: Any, flags: int, *_: Any, before: bool, dir_fd: int | None = None, **__: Any) -> bool:
        return bool(flags & os.O_CREAT) and not before and self._add(path, dir_fd, Node(is_folder=False))

    def _mkdir(self, path: Any, *_: Any, dir_fd: int | None = None, **__: Any) -> bool:
        return self._add(path, dir_fd, Node(is_folder=True))

    def _of(self, descriptor: int) -> Node | None:
        info = os.fstat(descriptor)
        return self._nodes.get(info.st_ino) if stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode) else None

    def _write(self, descriptor: int, data: Any, *, result: int, **__: Any) -> bool:
        node = self._of(descriptor)
        if node is None:
            return False
        node.data += bytes(memoryview(data)[:result])
        return True

    def _fsync(self, descriptor: int, **__: Any) -> bool:
        node = self._of(descriptor)
        if node is None:
            return False
        self.flushed.append(node)
        if self._sees_flush(node):
            node.flush()
        return True

    _fdatasync = _fsync

    def _replace(
        self, old: Any, new: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None, **__: Any
    ) -> bool:
        source, old_name = self._place(old, src_dir_fd)
        target, new_name = self._place(new, dst_dir_fd)
        if source is None or target is None:
            return False
        node = source.entries[old_name]
        source.change(old_name, None)
        target.change(new_name, node)
        return True

    def _unlink(self, path: Any, *, dir_fd: int | None = None, **__: Any) -> bool:
        parent, name = self._place(path, dir_fd)
        if parent is None:
            return False
        parent.change(name, None)
        return True

    _remove = _rmdir = _unlink
