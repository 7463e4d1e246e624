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
_RESERVED_LENGTH = 4
"""Characters of the longest reserved name."""


def receipt_path(id: str) -> str:
    """The path of the receipt of a project; unique also on a case-insensitive file system.

    Raises:
        ValueError: the id is invalid.
    """
    if not is_valid_id(id):
        raise ValueError(f"not an id: {id!r:.80}")
    return f"{RECEIPTS}{receipt_name(id)}{_SUFFIX}"


def receipt_name(id: str) -> str:
    """The name of a receipt's file without its suffix. The id is one for certain."""
    lower = id.lower()
    if lower == id and len(id) > _RESERVED_LENGTH:
        return id
    capitals = sum(1 << index for index, char in enumerate(id) if char.isupper())
    return f"{lower}={capitals:x}" if capitals or _RESERVED.fullmatch(lower) else lower


def receipt_name_of(path: str) -> str | None:
    """The name of the receipt's file under the path, or None where the path is not that of a receipt."""
    if path.startswith(RECEIPTS) and path.endswith(_SUFFIX):
        return path[len(RECEIPTS) : -len(_SUFFIX)]
    return None


def id_of(path: str) -> str | None:
    """The id whose receipt has the path; None if it is not the path of a receipt."""
    name = receipt_name_of(path)
    if name is None:
        return None
    lower, _, mark = name.partition("=")
    if not is_valid_id(lower) or re.fullmatch(r"[0-9a-f]{0,32}", mark) is None:
        return None
    capitals = int(mark or "0", 16)
    id = "".join(char.upper() if capitals >> index & 1 else char for index, char in enumerate(lower))
    return id if receipt_path(id) == path else None


def read_receipt(storage: Storage, id: str, *, limit: int) -> Receipt | None:
    """The receipt of a project; None if there is none.

    Args:
        limit: bytes; a larger file is not a valid receipt.

    Raises:
        ReceiptInvalid: it is not a valid receipt, has another id, or its version is not supported.
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


def ignore_written(receipt: Receipt, version: str | None, /) -> None:
    """A callback of `update_receipt` that does nothing."""


def update_receipt(
    storage: Storage,
    id: str,
    api: str,
    change: Callable[[Receipt], Receipt],
    *,
    limit: int,
    on_written: Callable[[Receipt, str | None], None] = ignore_written,
) -> Receipt:
    """Read the receipt again, change it and write it back.

    The records of other APIs are kept, and the state `deleted` is never reset. An unchanged receipt is not
    written.

    Args:
        api: the origin whose record is changed.
        change: returns the changed record. Its argument is the present record, or a new one.
        limit: bytes; see `read_receipt`.
        on_written: called after a write with the receipt that is in the file now, and the version of these bytes,
            if the storage reports it.

    Raises:
        ReceiptInvalid: the present file is not a valid receipt; it is not changed.
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
        on_written(after, getattr(writer, "version", None))
    return after


def to_bytes(receipt: Receipt) -> bytes:
    """The receipt as it is stored: indented JSON, for readers and for git."""
    text = json.dumps(receipt.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
    # Half a surrogate pair has no UTF-8 form; it is written as JSON's backslash escape.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _read(reader: BinaryIO, limit: int) -> bytes:
    """All bytes, or the first `limit`: a reader may return fewer bytes than requested."""
    parts: list[bytes] = []
    left = limit
    while left and (part := reader.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
