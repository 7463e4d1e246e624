"""copying: what of one project is copied from one storage to another, and what the receipt there says afterwards.

Receipts lie in both storages, and neither is the master. The newest proved record wins, for each API on its own. A
record is proved in a storage if every output that it names is there. `deleted` is never dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mhsync.core.receipt import Deletion, Receipt, StoredOutput
from mhsync.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class OutputCopy:
    """One output that the target is to have."""

    output: StoredOutput
    """As the receipt of the target is to name it; never suspect."""
    source: str
    """Its path in the source."""
    is_in_place: bool
    """Whether the target has it already, by its receipt and the listing."""


@dataclass(frozen=True, slots=True)
class RecordCopy:
    """What is to be done for the record of one API."""

    source: Receipt
    copies: tuple[OutputCopy, ...]
    """Every output of the record; none where the target keeps its own outputs."""
    replaces: bool
    """Whether the outputs of the target's record are replaced by those of the source."""

    @property
    def outputs(self) -> tuple[StoredOutput, ...]:
        return tuple(copy.output for copy in self.copies)

    def merged(self, target: Receipt, damaged: frozenset[str] = frozenset()) -> Receipt:
        """The record of the target once the outputs are copied.

        Args:
            target: the record of the same API as it is now, or a new one.
            damaged: paths in the target of outputs that could not be copied, because the bytes of the source are
                not those of its receipt.

        An incomplete set of outputs replaces no other. Where the target has none, the damaged outputs are named as
        suspect: the next plan then reports which of them are missing.
        """
        outputs = tuple(replace(o, suspect=o.path in damaged) for o in self.outputs)
        if self.replaces and not (damaged and target.outputs):
            target = self._replaced(target, outputs)
        elif outputs and not self.replaces:
            target = replace(target, outputs=outputs)
        return _with_deletion_of(self.source, target)

    def _replaced(self, target: Receipt, outputs: tuple[StoredOutput, ...]) -> Receipt:
        source = self.source
        return replace(
            target,
            name=source.name,
            type=source.type,
            created_at=source.created_at,
            credits_charged=source.credits_charged,
            outputs=outputs,
            stored_at=source.stored_at,
            extra={**target.extra, **source.extra},
        )


def records_of(receipt: Receipt) -> Iterator[Receipt]:
    """The record of each API in a receipt, without the others; the current one last.

    Raises:
        ReceiptInvalid: one of them cannot be read.
    """
    for other in receipt.others:
        yield replace(receipt.for_api(str(other.get("api"))), others=())
    yield replace(receipt, others=())


def plan_record(source: Receipt, target: Receipt | None, files: Mapping[str, int]) -> RecordCopy:
    """Decide which outputs of one record are copied.

    Paths follow the receipt: that of the target if it names the same outputs, else that of the source.

    Args:
        source: the record of one API in the source.
        target: the record of the same API in the target; None if there is none.
        files: the listing of the target: size in bytes by path.
    """
    if not source.outputs:
        return RecordCopy(source, (), replaces=False)
    if target is None or not target.outputs:
        return RecordCopy(source, tuple(_from_source(o) for o in source.outputs), replaces=True)
    origins = _origins(source, target)
    if origins is not None:
        pairs = zip(target.outputs, origins, strict=True)
        copies = tuple(OutputCopy(replace(o, suspect=False), path, _is_in_place(o, files)) for o, path in pairs)
        return RecordCopy(source, copies, replaces=False)
    if all(_is_in_place(o, files) for o in target.outputs) and not _is_newer(source, target):
        return RecordCopy(source, (), replaces=False)
    return RecordCopy(source, tuple(_from_source(o) for o in source.outputs), replaces=True)


def _from_source(output: StoredOutput) -> OutputCopy:
    return OutputCopy(replace(output, suspect=False, superseded=None), output.path, is_in_place=False)


def _origins(source: Receipt, target: Receipt) -> list[str] | None:
    """For each output of the target the path of the same output in the source; None if they have other outputs."""
    if len(source.outputs) != len(target.outputs):
        return None
    paths: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    for output in reversed(source.outputs):
        paths[_identity(output)].append(output.path)
    found: list[str] = []
    for output in target.outputs:
        if not paths[_identity(output)]:
            return None
        found.append(paths[_identity(output)].pop())
    return found


def _identity(output: StoredOutput) -> tuple[str, int, str]:
    return output.source, output.size, output.sha256


def _is_in_place(output: StoredOutput, files: Mapping[str, int]) -> bool:
    return not output.suspect and files.get(output.path) == output.size


def _is_newer(one: Receipt, other: Receipt) -> bool:
    return one.stored_at is not None and (other.stored_at is None or one.stored_at > other.stored_at)


def _with_deletion_of(source: Receipt, target: Receipt) -> Receipt:
    """The target's record with the deletion of the source, if that is further."""
    if source.deletion is None or target.is_deleted:
        return target
    if target.deletion is Deletion.DELETING and not source.is_deleted:
        return target
    return replace(
        target,
        deletion=source.deletion,
        deleting_at=target.deleting_at or source.deleting_at,
        deleted_at=source.deleted_at,
    )
