"""Receipt: the record, kept in the storage, of what was stored or deleted, when, and from which API.

`from_json` is strict: a receipt that cannot be read proves nothing, and its file is not changed. Unknown keys are
kept, so that an older mhsync does not remove what a newer one wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from mhsync.core.project import Project, format_time
from mhsync.core.receipt_reader import ReceiptReader
from mhsync.core.template import path_key
from mhsync.dataclass import dataclass

VERSION = 1
_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Proof(StrEnum):
    """How a download was proved to be complete."""

    LENGTH = "content-length"
    CHUNKED = "chunked"
    UNCONFIRMED = "unconfirmed"
    """Two downloads returned the same bytes, but both may be truncated: the original is not deleted."""
    TWICE = "twice"
    """No response stated the length. Two downloads returned the same bytes, and the file's own header or the host
    confirms that they are complete."""


class Deletion(StrEnum):
    """The state of our own DELETE. `DELETING` is written before the request is sent."""

    DELETING = "deleting"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """One file in the storage. `path` is relative to it, with `/`; `size` is in bytes."""

    path: str
    size: int
    sha256: str
    source: str
    """The URL it was downloaded from, without the query."""
    filename: str
    """The value of `{filename}` when it was first stored."""
    proof: Proof = Proof.LENGTH
    suspect: bool = False
    """Whether its bytes did not match the receipt when they were read back."""
    superseded: str | None = None
    """Its path before a move that is not complete yet; else None."""
    facts: Mapping[str, Any] = field(default_factory=lambda: _EMPTY, hash=False)
    """What plugins reported about the file."""
    audio_format: str | None = None
    """The format of its first bytes, such as `wav`, or `unrecognised`; None if an older mhsync stored it."""
    extra: Mapping[str, Any] = field(default_factory=lambda: _EMPTY, hash=False)


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file of a project that is not one of its outputs. `path` as in `StoredOutput`; `size` is in bytes."""

    path: str
    size: int
    sha256: str

    @classmethod
    def of(cls, output: StoredOutput) -> FileRecord:
        return cls(output.path, output.size, output.sha256)

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was stored and deleted of one project, against one API. All times are UTC."""

    id: str
    api: str
    """The origin of the API, such as `https://api.magichour.ai`. A record of another API proves nothing."""
    name: str | None = None
    type: str | None = None
    created_at: datetime | None = None
    credits_charged: int | None = None
    outputs: tuple[StoredOutput, ...] = ()
    stored_at: datetime | None = None
    deletion: Deletion | None = None
    deleting_at: datetime | None = None
    deleted_at: datetime | None = None
    storing: tuple[FileRecord, ...] = ()
    """Files that may be in the storage although they are not outputs yet. Each is recorded here before it becomes
    visible. The records prove nothing. The next run adopts the files, or removes those whose bytes still match."""
    set_aside: tuple[FileRecord, ...] = ()
    """Files that were changed after they were stored. They are kept, and are not outputs."""
    others: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    """Records of the same id against other APIs, as they were written."""
    extra: Mapping[str, Any] = field(default_factory=lambda: _EMPTY, hash=False)

    @property
    def sources(self) -> tuple[str, ...]:
        """The source of each output, in order. One may occur more than once."""
        return tuple(output.source for output in self.outputs)

    @property
    def indistinct(self) -> tuple[StoredOutput, ...]:
        """Outputs of one source with the same bytes: two that are equal, or one that was stored twice."""
        found = Counter((output.source, output.sha256) for output in self.outputs)
        return tuple(output for output in self.outputs if found[output.source, output.sha256] > 1)

    @property
    def indistinct_reason(self) -> str | None:
        """Why it cannot be proved that all outputs are stored, if two of them cannot be distinguished."""
        if not self.indistinct:
            return None
        paths = ", ".join(output.path for output in self.indistinct)
        return f"{paths} have one source and the same bytes: two equal outputs, or one that was stored twice"

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(output.path for output in self.outputs)

    @property
    def named(self) -> frozenset[str]:
        """Every path in this record: of outputs, moves, and recorded files. `others` are not included."""
        superseded = {output.superseded for output in self.outputs if output.superseded is not None}
        return self.paths | superseded | {record.path for record in (*self.storing, *self.set_aside)}

    @property
    def is_deleted(self) -> bool:
        """Whether mhsync deleted the project from the account itself."""
        return self.deletion is Deletion.DELETED

    @classmethod
    def start(cls, id: str, api: str) -> Receipt:
        return cls(id=id, api=api)

    def with_stored(self, project: Project, outputs: tuple[StoredOutput, ...], now: datetime) -> Receipt:
        """The receipt after all outputs of a project became visible.

        The values that paths are made of (name, type, day) are those of the first time, so that a renamed project
        is not moved.
        """
        first = self.stored_at is None
        return replace(
            self,
            name=project.name if first else self.name,
            type=project.type if first else self.type,
            created_at=project.created_at if first else self.created_at,
            credits_charged=project.credits_charged,
            outputs=outputs,
            stored_at=now,
        )

    def with_deletion(self, deletion: Deletion, now: datetime) -> Receipt:
        """The receipt with one step of a delete recorded. The state `deleted` is never reset."""
        if self.is_deleted:
            return self
        if deletion is Deletion.DELETED:
            return replace(self, deletion=deletion, deleted_at=now)
        return replace(self, deletion=deletion, deleting_at=now)

    def with_suspects(self, paths: frozenset[str]) -> Receipt:
        """The receipt with the outputs at these paths marked as suspect: their bytes did not match."""
        return replace(
            self,
            outputs=tuple(replace(o, suspect=True) if o.path in paths else o for o in self.outputs),
        )

    def to_json(self) -> dict[str, Any]:
        """The receipt as it is written (`schemas/receipt.schema.json`)."""
        return {
            **self.extra,
            "version": VERSION,
            "id": self.id,
            "api": self.api,
            "project": {
                "name": self.name,
                "type": self.type,
                "created_at": _text(self.created_at),
                "credits_charged": self.credits_charged,
            },
            "outputs": [_output_to_json(output) for output in self.outputs],
            "stored_at": _text(self.stored_at),
            "deletion": None if self.deletion is None else self.deletion.value,
            "deleting_at": _text(self.deleting_at),
            "deleted_at": _text(self.deleted_at),
            **({"storing": [record.to_json() for record in self.storing]} if self.storing else {}),
            **({"set_aside": [record.to_json() for record in self.set_aside]} if self.set_aside else {}),
            **({"others": [dict(other) for other in self.others]} if self.others else {}),
        }

    @classmethod
    def from_json(cls, data: object, *, expected_id: str) -> Receipt:
        """Read a receipt strictly.

        Raises:
            ReceiptInvalid: it is not a receipt, is the receipt of another id, or its version is not supported.
        """
        reader = ReceiptReader(data, expected_id)
        version = reader.take("version", int)
        if version > VERSION:
            raise reader.error(f"has version {version}, and this mhsync reads version {VERSION}", "upgrade mhsync")
        if version < 1:
            raise reader.error(f"has the invalid version {version}")
        if reader.take("id", str) != expected_id:
            raise reader.error("has the id of another project")
        project = ReceiptReader(reader.take("project", dict), expected_id)
        deletion = reader.take_or_none("deletion", str)
        if deletion not in (None, *Deletion):
            raise reader.error(f"has an unknown deletion: {deletion!r}")
        outputs = tuple(_output_from_json(item, expected_id) for item in reader.take("outputs", list))
        if len({path_key(output.path) for output in outputs}) < len(outputs):
            raise reader.error("has one path for two outputs")
        others = reader.take_or_none("others", list) or []
        if not all(isinstance(other, dict) for other in others):
            raise reader.error("has an invalid value in 'others'")
        return cls(
            id=expected_id,
            api=reader.take("api", str),
            name=project.take_or_none("name", str),
            type=project.take_or_none("type", str),
            created_at=project.time("created_at"),
            credits_charged=project.take_or_none("credits_charged", int),
            outputs=outputs,
            stored_at=reader.time("stored_at"),
            deletion=None if deletion is None else Deletion(deletion),
            deleting_at=reader.time("deleting_at"),
            deleted_at=reader.time("deleted_at"),
            storing=_records_from_json(reader, "storing", expected_id),
            set_aside=_records_from_json(reader, "set_aside", expected_id),
            others=tuple(MappingProxyType(other) for other in others),
            extra=reader.rest(),
        )

    def for_api(self, api: str) -> Receipt:
        """The record of `api`: this one, one of `others`, or a new one. The other records are kept in `others`.

        Raises:
            ReceiptInvalid: the record of that API cannot be read.
        """
        if self.api == api:
            return self
        mine = [other for other in self.others if other.get("api") == api]
        rest = tuple(other for other in self.others if other.get("api") != api)
        blank = replace(self, others=()).to_json()
        kept = (*rest, MappingProxyType(blank))
        if not mine:
            return replace(Receipt.start(self.id, api), others=kept)
        return replace(Receipt.from_json(dict(mine[0]), expected_id=self.id), others=kept)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _output_to_json(output: StoredOutput) -> dict[str, Any]:
    return {
        **output.extra,
        "path": output.path,
        "size": output.size,
        "sha256": output.sha256,
        "source": output.source,
        "filename": output.filename,
        "proof": output.proof.value,
        **({"audio_format": output.audio_format} if output.audio_format is not None else {}),
        **({"suspect": True} if output.suspect else {}),
        **({"superseded": output.superseded} if output.superseded is not None else {}),
        **({"facts": dict(output.facts)} if output.facts else {}),
    }


def _output_from_json(data: object, id: str) -> StoredOutput:
    reader = ReceiptReader(data, id)
    proof = reader.take("proof", str)
    if proof not in tuple(Proof):
        raise reader.error(f"has an unknown proof: {proof!r}")
    path, size, sha256 = reader.path("path"), reader.size(), reader.sha256()
    superseded = reader.path("superseded") if "superseded" in reader.data else None
    return StoredOutput(
        path=path,
        size=size,
        sha256=sha256,
        source=reader.take("source", str),
        filename=reader.take("filename", str),
        proof=Proof(proof),
        suspect=reader.take_or_none("suspect", bool) or False,
        superseded=superseded,
        facts=MappingProxyType(reader.take_or_none("facts", dict) or {}),
        audio_format=reader.take_or_none("audio_format", str),
        extra=reader.rest(),
    )


def _records_from_json(reader: ReceiptReader, name: str, id: str) -> tuple[FileRecord, ...]:
    items = [ReceiptReader(item, id) for item in reader.take_or_none(name, list) or []]
    return tuple(FileRecord(item.path("path"), item.size(), item.sha256()) for item in items)
