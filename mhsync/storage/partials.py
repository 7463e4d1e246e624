"""Interrupted downloads into a folder, kept under `.mhsync/partial/` for the next run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

from mhsync.core.layout import PARTIAL, TEMPORARY
from mhsync.dataclass import dataclass
from mhsync.errors import StorageError
from mhsync.fileio.partial import Partial, PartialFolder, Restored
from mhsync.storage.base import Keeper, Partials, Writer
from mhsync.storage.files import TemporaryFile
from mhsync.storage.tree import Tree


class LocalPartials(Partials):
    """`Partials` of a folder, whose writers are `TemporaryFile`s."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._kept = PartialFolder(self._open_kept)

    def under(self, name: str) -> Keeper:
        return _LocalKeeper(self, name)

    def clear(self, name: str) -> None:
        self._kept.clear(name)

    def clear_old(self, age: float, now: float) -> None:
        self._kept.clear_old(age, now)

    def keep(self, name: str, writer: TemporaryFile, partial: Partial) -> bool:
        file = writer.local_path.name
        with suppress(OSError), self._open(TEMPORARY, make=False) as folder:
            if os.stat(file, dir_fd=folder, follow_symlinks=False).st_size == partial.size:
                return self._kept.keep(name, partial, folder, file)
        return False

    def restore(
        self, name: str, writer: TemporaryFile, source: str, head: int, check: Callable[[], None]
    ) -> Restored | None:
        with suppress(OSError), self._open(TEMPORARY, make=False) as folder:
            found = self._kept.restore(name, source, folder, writer.local_path.name, head=head, check=check)
            if found is not None:
                writer.take_over(found.descriptor)
            return found
        return None

    def _open_kept(self, make: bool) -> AbstractContextManager[int]:
        return self._open(PARTIAL, make=make)

    @contextmanager
    def _open(self, path: str, *, make: bool) -> Iterator[int]:
        """A folder of the tree. If the storage itself cannot be opened, the caller sees a missing folder."""
        with ExitStack() as stack:
            try:
                folder = stack.enter_context(self._tree.folder(path.removesuffix("/").split("/"), make=make))
            except StorageError as error:
                raise FileNotFoundError(str(error)) from None
            yield folder


@dataclass(frozen=True, slots=True)
class _LocalKeeper(Keeper):
    partials: LocalPartials
    name: str

    def restore(self, writer: Writer, source: str, *, head: int, check: Callable[[], None]) -> Restored | None:
        if not isinstance(writer, TemporaryFile):
            return None
        return self.partials.restore(self.name, writer, source, head, check)

    def keep(self, writer: Writer, partial: Partial) -> bool:
        return isinstance(writer, TemporaryFile) and self.partials.keep(self.name, writer, partial)
