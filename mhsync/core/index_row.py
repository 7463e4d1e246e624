"""Rows of the receipt index: of each settled receipt what `plan` needs, in one file. A cache, never the truth.

A row can show one thing only: that a project is as desired. Where it does not, the receipt itself is read.

The index is JSON Lines: a header, one row for each receipt in ascending order of their names, and a last line with
the number of rows and the sha256 of all bytes before it. A row is a list:

    [name, version, project name, type, created_at, stored_at, deletion, path, size, sha256, source, filename, …]

`name` is that of the receipt's file, `version` the `FileInfo.version` of the very bytes that the row was made of.
The last five values occur once for each output. Receipts of other APIs have no row. Neither have those with
suspect outputs, with moves that have not ended, or with files in `storing` or `set_aside`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from mhsync.core.manifest import DEFAULT_PATH, NO_LABELS, Entry, Labels, State
from mhsync.core.paths import PathValues, filled_paths
from mhsync.core.project import parse_time
from mhsync.core.project_info import ProjectInfo
from mhsync.core.receipt import VERSION, Deletion, Proof, Receipt
from mhsync.core.retention import entry_at

FORMAT = "mhsync.receipt-index/1"

Row = list[Any]
"""A decoded row. `rows_of` checks the types of its values, `receipt_of_row` their content."""

_NAME, _VERSION, _PROJECT, _TYPE, _CREATED, _STORED, _DELETION = range(7)
_OUTPUTS = 7
_OUTPUT = 5
"""Values of one output."""
_PROOF = Proof.LENGTH.value
"""A row does not say how a length was proved: the action `delete` reads the receipt for that."""
_OPTIONAL = frozenset((_PROJECT, _TYPE, _CREATED, _STORED, _DELETION))
_REMEMBERED = _OUTPUTS + 10 * _OUTPUT
"""Values of the longest row whose combination of types is remembered."""

_known_types: set[tuple[type, ...]] = set()


def row_of(receipt: Receipt, name: str, version: str, api: str) -> bytes | None:
    """The line of a receipt, without its end; None if the receipt has no row.

    Args:
        receipt: as it is in its file.
        name: of its file, without suffix.
        version: the `FileInfo.version` of these bytes.
        api: the origin that the index is for.
    """
    is_unusual = receipt.storing or receipt.set_aside
    if receipt.api != api or is_unusual or any(o.suspect or o.superseded is not None for o in receipt.outputs):
        return None
    facts = receipt.to_json()
    project = facts["project"]
    row: Row = [name, version, project["name"], project["type"], project["created_at"]]
    row += [facts["stored_at"], facts["deletion"]]
    for output in receipt.outputs:
        row += [output.path, output.size, output.sha256, output.source, output.filename]
    return json.dumps(row, separators=(",", ":"), allow_nan=False).encode("ascii")


def rows_of(lines: Sequence[bytes]) -> list[Row]:
    """The decoded rows of some lines, with values of the right types and of any content.

    Raises:
        ValueError, RecursionError: a line is not a row.
    """
    rows: list[Row] = json.loads(b"[%b]" % b",".join(lines))
    if len(rows) != len(lines):
        raise ValueError("a line is not one JSON value")
    for row in rows:
        if type(row) is not list or tuple(map(type, row)) not in _known_types:
            _check_types(row)
    return rows


def _check_types(row: object) -> None:
    """Raise unless the row has the types of a row; a combination that was seen is not checked again."""
    outputs = len(row) - _OUTPUTS if isinstance(row, list) else -1
    if not isinstance(row, list) or outputs < 0 or outputs % _OUTPUT:
        raise ValueError("a line is not a row")
    found = tuple(map(type, row))
    for index, kind in enumerate(found):
        wanted = int if index >= _OUTPUTS and (index - _OUTPUTS) % _OUTPUT == 1 else str
        if kind is not wanted and not (index in _OPTIONAL and kind is type(None)):
            raise ValueError(f"a row has a value of the type {kind.__name__}")
    if len(found) <= _REMEMBERED:
        _known_types.add(found)


def receipt_of_row(row: Row, id: str, api: str) -> Receipt:
    """The receipt of a row, as far as `plan` needs it: checked as strictly as one that is read from its own file.

    Raises:
        ReceiptInvalid: it is not a receipt.
    """
    outputs = [
        {"path": path, "size": size, "sha256": sha256, "source": source, "filename": filename, "proof": _PROOF}
        for path, size, sha256, source, filename in _outputs(row)
    ]
    return Receipt.from_json(
        {
            "version": VERSION,
            "id": id,
            "api": api,
            "project": {"name": row[_PROJECT], "type": row[_TYPE], "created_at": row[_CREATED]},
            "outputs": outputs,
            "stored_at": row[_STORED],
            "deletion": row[_DELETION],
        },
        expected_id=id,
    )


def paths_of_row(row: Row) -> list[str]:
    """The path of each output."""
    return row[_OUTPUTS::_OUTPUT]


def outputs_of_line(line: bytes) -> Iterator[Sequence[Any]]:
    """Path, size, sha256, source and filename of each output of a line that was read before."""
    return _outputs(json.loads(line))


def _outputs(row: Row) -> Iterator[Sequence[Any]]:
    for start in range(_OUTPUTS, len(row), _OUTPUT):
        yield row[start : start + _OUTPUT]


def shows_as_desired(row: Row, entry: Entry, files: Mapping[str, int], now: datetime | None = None) -> bool:
    """Whether a row and the listing prove that an entry is as desired and that nothing is to be moved.

    What the decision table finds for the receipt of the row, without making its values. False means that the
    receipt itself is to be read.

    Args:
        files: size in bytes by path, of every visible file.
        now: the time at which retention is judged; None ignores it.
    """
    if entry.retain is not None:
        try:
            entry = entry_at(entry, _created_at(row), now)
        except (ValueError, OverflowError):
            return False
    if entry.state is State.LOST:
        return False
    is_deleted: bool = row[_DELETION] == Deletion.DELETED
    if entry.state is State.DELETED:
        return is_deleted and all(files.get(path) == size for path, size, *_ in _outputs(row))
    if entry.state is State.ARCHIVED and not is_deleted:
        return False
    return len(row) > _OUTPUTS and row[_STORED] is not None and _are_in_place(row, entry, files)


def _are_in_place(row: Row, entry: Entry, files: Mapping[str, int]) -> bool:
    """Whether every output is in the listing with its size, under the path that the manifest gives it now."""
    if len(row) == _OUTPUTS + _OUTPUT and entry.path == DEFAULT_PATH:
        path: str = row[_OUTPUTS]
        return path == f"{entry.id}/{row[_OUTPUTS + 4]}" and files.get(path) == row[_OUTPUTS + 1]
    outputs = list(_outputs(row))
    if any(files.get(output[0]) != output[1] for output in outputs):
        return False
    try:
        created_at = _created_at(row) if "{date}" in entry.path else None
    except (ValueError, OverflowError):
        return False
    values = PathValues(entry.id, row[_PROJECT], row[_TYPE], created_at)
    return filled_paths(entry.path, values, [output[4] for output in outputs]) == [output[0] for output in outputs]


def facts_of_line(line: bytes, labels: Labels = NO_LABELS) -> tuple[ProjectInfo, Iterator[Sequence[Any]]]:
    """What people know the project of a line by, and its outputs as `outputs_of_line` gives them.

    Args:
        line: one that was read before.
        labels: of the entry.
    """
    row: Row = json.loads(line)
    try:
        created_at = _created_at(row)
    except (ValueError, OverflowError):
        created_at = None
    sizes = row[_OUTPUTS + 1 :: _OUTPUT]
    info = ProjectInfo(row[_PROJECT], row[_TYPE], created_at, sum(sizes) if sizes else None, labels)
    return info, _outputs(row)


def _created_at(row: Row) -> datetime | None:
    return None if row[_CREATED] is None else parse_time(row[_CREATED])


class IndexedReceipts(Mapping[str, Receipt]):
    """Receipts by id: those that were read, and those that are made of lines of the index when they are needed.

    Args:
        read: the receipts that were read.
        lines: lines of the index by id; no id is in both.
        api: the origin that the index is for.
    """

    __slots__ = ("_api", "_lines", "_read")

    def __init__(self, read: Mapping[str, Receipt], lines: Mapping[str, bytes], api: str) -> None:
        self._read = read
        self._lines = lines
        self._api = api

    def __getitem__(self, id: str) -> Receipt:
        line = self._lines.get(id)
        return self._read[id] if line is None else receipt_of_row(rows_of([line])[0], id, self._api)

    def __iter__(self) -> Iterator[str]:
        yield from self._read
        yield from self._lines

    def __len__(self) -> int:
        return len(self._read) + len(self._lines)

    def __contains__(self, id: object) -> bool:
        return id in self._read or id in self._lines
