"""Manifest: what is desired, as values. `loader/` makes them from YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from mhsync.dataclass import dataclass
from mhsync.errors import NOWHERE, Position

DEFAULT_STORAGE = "./outputs"
DEFAULT_PATH = "{id}/{filename}"


class State(StrEnum):
    """What is desired of one project."""

    DOWNLOADED = "downloaded"
    """Every output is stored."""
    DELETED = "deleted"
    """The project is gone from the account; stored copies stay."""
    ARCHIVED = "archived"
    """Stored and proved first, then deleted from the account."""
    LOST = "lost"
    """Acknowledged as lost: the project is only looked at, and never a reason to act or to fail."""


FILE_STATES = (State.DOWNLOADED, State.DELETED, State.ARCHIVED)
"""The states that a file may give to its entries. A loss is acknowledged entry by entry."""


class Deletes(StrEnum):
    """How the policy treats deletes."""

    CONFIRM = "confirm"
    ALLOW = "allow"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of deletes at most: a count, or a percentage of a file's projects, rounded down."""

    value: int
    is_percent: bool = False

    def of(self, total: int) -> int:
        """The count that the limit allows among `total` projects."""
        return total * self.value // 100 if self.is_percent else self.value

    def __str__(self) -> str:
        return f"{self.value}%" if self.is_percent else str(self.value)

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Read `20` or `30%`.

        Raises:
            ValueError: it is neither, or the percentage is above 100.
        """
        digits = text.removesuffix("%")
        is_percent = digits != text
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
            raise ValueError(f"{text!r} is neither a count nor a percentage")
        if is_percent and int(digits) > 100:
            raise ValueError(f"{text} is more than 100%")
        return cls(int(digits), is_percent)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a run may do with the projects of one file."""

    deletes: Deletes = Deletes.CONFIRM
    max_deletes: Limit | None = None
    durable_storage: bool = False
    audio_only: bool = True
    """Delete the original of an `archived` project only if its copies are recognised as complete audio."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a `downloaded` project is kept in the account, from its `created_at`; then it is archived."""

    text: str
    """As the manifest has it, such as `30d`."""
    seconds: int

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Discover:
    """Under which rules a file manages sighted projects that no manifest lists."""

    state: State
    """`downloaded` or `archived`: neither deletes what is not stored."""
    path: str = DEFAULT_PATH
    types: tuple[str, ...] = ()
    """The types of the API to discover; empty means all."""
    since: datetime | None = None
    """Only projects that were first seen at this time or later; UTC."""
    position: Position = NOWHERE

    @property
    def depends_on_sightings(self) -> bool:
        """Whether it has conditions that only the content of a sighting can meet."""
        return bool(self.types) or self.since is not None


@dataclass(frozen=True, slots=True)
class NotifyTarget:
    """A receiver of notifications. `url` may be `${NAME}`, resolved by `apply`. May be a secret: never shown."""

    url: str = field(repr=False)
    on: tuple[str, ...] = ()
    """The outcomes that are reported; empty means all."""
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False, repr=False)
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True)
class Labels:
    """What the manifest says about a project, for people. Paths and decisions never depend on it."""

    name: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    """Without duplicates; `--only tag:NAME` selects by them."""


NO_LABELS = Labels()
"""Shared by all entries without labels: a million of them take no memory."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One project of a manifest, and its position there."""

    id: str
    state: State = State.DOWNLOADED
    path: str = DEFAULT_PATH
    """The path template of each output, relative to the storage."""
    position: Position = NOWHERE
    labels: Labels = NO_LABELS
    retain: Retention | None = None
    """Only with the state `downloaded`."""
    is_discovered: bool = False
    """Whether the file does not list it, and its `discover` chose it."""


@dataclass(frozen=True, slots=True)
class StorageCopy:
    """A further storage that holds what the primary one holds."""

    storage: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    position: Position = NOWHERE


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file. Each has its own defaults, storage, policy and notify."""

    file: str
    """As it was named on the command line: for messages."""
    folder: str
    """The absolute folder it lies in: a relative storage path starts there."""
    sha256: str
    storage: str = DEFAULT_STORAGE
    storage_options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    policy: Policy = Policy()
    notify: tuple[NotifyTarget, ...] = ()
    entries: tuple[Entry, ...] = ()
    storage_position: Position = NOWHERE
    """The position of the key `storage`; only the file where the default is used."""
    retain: Retention | None = None
    """The retention of `downloaded` entries without their own; `entries` have it already."""
    discover: Discover | None = None
    """Sighted projects that no manifest lists are managed under it; None manages none."""
    copies: tuple[StorageCopy, ...] = ()
    """The other storages, where the manifest names several; `storage` is the primary one."""
    min_copies: int | None = None
    """Verified copies that a delete of an `archived` project needs; None: one in each storage."""

    @property
    def required_copies(self) -> int:
        """The number of storages whose copy must be verified before the original is deleted."""
        return 1 + len(self.copies) if self.min_copies is None else self.min_copies

    def with_storage(self, copy: StorageCopy) -> ManifestFile:
        """The file as if the copy were its only storage."""
        return replace(
            self,
            storage=copy.storage,
            storage_options=copy.options,
            storage_position=copy.position,
            copies=(),
            min_copies=None,
        )

    @property
    def places(self) -> tuple[ManifestFile, ...]:
        """The file once for each of its storages, as if that were its only one; the primary one first."""
        if not self.copies:
            return (self,)
        primary = StorageCopy(self.storage, self.storage_options, self.storage_position)
        return tuple(map(self.with_storage, (primary, *self.copies)))


@dataclass(frozen=True, slots=True)
class Manifest:
    """All manifest files of one command. No id occurs twice."""

    files: tuple[ManifestFile, ...] = ()

    def __iter__(self) -> Iterator[tuple[ManifestFile, Entry]]:
        for file in self.files:
            for entry in file.entries:
                yield file, entry

    def __len__(self) -> int:
        """The number of projects."""
        return sum(len(file.entries) for file in self.files)

    def __bool__(self) -> bool:
        """A manifest without projects is a manifest too."""
        return True

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(entry.id for _, entry in self)
