"""Receipts in any storage: their paths, and how they are read and written.

The file names of two ids that differ only in case are different too, and none is a device name of Windows:
`<id>.json` where the id is in lower case, else `<id in lower case>=<which letters are capitals, in hex>.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, NoReturn

from mhsync.core.layout import RECEIPTS
from mhsync.core.project import is_valid_id
from mhsync.core.receipt import Deletion, Receipt
from mhsync.core.receipt_reader import HINT
from mhsync.errors import ReceiptInvalid, StorageNotFound
from mhsync.storage.base import Storage

_SUFFIX = ".json"
_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")


def receipt_path(id: str) -> str:
    """Where the receipt of a project lies; unique also where case does not matter.

    Raises:
        ValueError: it is no id.
    """
    if not is_valid_id(id):
        raise ValueError(f"not an id: {id!r:.80}")
    lower = id.lower()
    capitals = sum(1 << index for index, char in enumerate(id) if char.isupper())
    mark = f"={capitals:x}" if capitals or _RESERVED.fullmatch(lower) else ""
    return f"{RECEIPTS}{lower}{mark}{_SUFFIX}"


def id_of(path: str) -> str | None:
    """The id whose receipt lies under the path, or None where none does."""
    if not (path.startswith(RECEIPTS) and path.endswith(_SUFFIX)):
        return None
    lower, _, mark = path[len(RECEIPTS) : -len(_SUFFIX)].partition("=")
    if not is_valid_id(lower) or re.fullmatch(r"[0-9a-f]{0,32}", mark) is None:
        return None
    capitals = int(mark or "0", 16)
    id = "".join(char.upper() if capitals >> index & 1 else char for index, char in enumerate(lower))
    return id if receipt_path(id) == path else None


def read_receipt(storage: Storage, id: str, *, limit: int) -> Receipt | None:
    """The receipt of a project, or None where there is none.

    Args:
        limit: bytes; a larger file is no receipt.

    Raises:
        ReceiptInvalid: it cannot be understood, is another id's, or is newer than known.
        StorageError: it cannot be read.
    """
    try:
        reader = storage.open(receipt_path(id))
    except StorageNotFound:
        return None
    with reader:
        data = _read(reader, limit + 1)
    if len(data) > limit:
        raise ReceiptInvalid(f"the receipt of {id} is larger than {limit} bytes", id=id, hint=HINT)
    try:
        value = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ReceiptInvalid(f"the receipt of {id} is not JSON", id=id, hint=HINT) from None
    return Receipt.from_json(value, expected_id=id)


def update_receipt(
    storage: Storage, id: str, api: str, change: Callable[[Receipt], Receipt], *, limit: int
) -> Receipt:
    """Read the receipt again, change it and write it back.

    The records of other APIs are kept, and a `deleted` is never taken back. What does not
    change is not written.

    Args:
        api: the origin whose record is changed.
        change: from the record as it is, or a new one, to the record as it is to be.
        limit: bytes; see `read_receipt`.

    Raises:
        ReceiptInvalid: what lies there cannot be understood; it stays as it is.
        StorageError: it cannot be read or written.
    """
    found = read_receipt(storage, id, limit=limit)
    before = (found or Receipt.start(id, api)).for_api(api)
    after = replace(change(before), id=id, api=api, others=before.others)
    if before.is_deleted and not after.is_deleted:
        after = replace(after, deletion=Deletion.DELETED, deleted_at=before.deleted_at)
    if after != found:
        data = to_bytes(after)
        if len(data) > limit:
            raise ReceiptInvalid(f"the receipt of {id} would be larger than {limit} bytes", id=id, hint=HINT)
        with storage.write(receipt_path(id)) as writer:
            writer.write(data)
    return after


def to_bytes(receipt: Receipt) -> bytes:
    """The receipt as it is kept: JSON that a person can read and git can compare."""
    text = json.dumps(receipt.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    # Half a surrogate pair has no UTF-8 form; its backslash form is what JSON would write.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _read(reader: BinaryIO, limit: int) -> bytes:
    """All bytes, or the first `limit`: a reader may give fewer than it is asked for."""
    parts: list[bytes] = []
    left = limit
    while left and (part := reader.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
