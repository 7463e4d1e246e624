"""Receipts in any storage: their paths (as in `documents.py`), and how they are read and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mhsync.core.layout import RECEIPTS
from mhsync.core.receipt import Deletion, Receipt
from mhsync.core.receipt_reader import HINT
from mhsync.dataclass import dataclass
from mhsync.errors import ReceiptInvalid
from mhsync.storage.base import Storage
from mhsync.storage.documents import (
    DocumentInvalid,
    document_bytes,
    document_name,
    document_path,
    id_in_folder,
    name_in_folder,
    read_document,
)

OnWritten = Callable[[Receipt, str | None], None]
"""Called with a receipt that was written, and the version of its file; None if that is not known."""


def receipt_path(id: str) -> str:
    """The path of the receipt of a project; unique also on a case-insensitive file system.

    Raises:
        ValueError: the id is invalid.
    """
    return document_path(RECEIPTS, id)


def receipt_name(id: str) -> str:
    """The name of a receipt's file without its suffix. The id is one for certain."""
    return document_name(id)


def receipt_name_of(path: str) -> str | None:
    """The name of the receipt's file under the path, or None where the path is not that of a receipt."""
    return name_in_folder(RECEIPTS, path)


def id_of(path: str) -> str | None:
    """The id whose receipt has the path; None if it is not the path of a receipt."""
    return id_in_folder(RECEIPTS, path)


def read_receipt(storage: Storage, id: str, *, limit: int) -> Receipt | None:
    """The receipt of a project; None if there is none.

    Args:
        limit: bytes; a larger file is not a valid receipt.

    Raises:
        ReceiptInvalid: it is not a valid receipt, has another id, or its version is not supported.
        StorageError: it cannot be read.
    """
    try:
        value = read_document(storage, receipt_path(id), limit=limit)
    except DocumentInvalid as error:
        raise ReceiptInvalid(f"the receipt of {id} {error}", id=id, hint=HINT) from None
    if value is None:
        return None
    return Receipt.from_json(value, expected_id=id)


@dataclass(frozen=True, slots=True)
class WrittenReceipt:
    """A receipt that was written, and the version of its file after that; None if that is not known."""

    receipt: Receipt
    version: str | None

    def read(self, storage: Storage, limit: int) -> Receipt | None:
        """As `read_receipt`, which is called only where the file may have changed."""
        id = self.receipt.id
        info = None if self.version is None else storage.stat(receipt_path(id))
        is_same = info is not None and info.version == self.version
        return self.receipt if is_same else read_receipt(storage, id, limit=limit)


def ignore_written(receipt: Receipt, version: str | None, /) -> None:
    """A callback of `update_receipt` that does nothing."""


def update_receipt(
    storage: Storage,
    id: str,
    api: str,
    change: Callable[[Receipt], Receipt],
    *,
    limit: int,
    on_written: OnWritten = ignore_written,
    known: WrittenReceipt | None = None,
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
        known: a receipt that was written before. It is used instead of the file as long as the file has the
            version that it had after that write, which shows that its bytes are the same.

    Raises:
        ReceiptInvalid: the present file is not a valid receipt; it is not changed.
        StorageError: it cannot be read or written.
    """
    found = read_receipt(storage, id, limit=limit) if known is None else known.read(storage, limit)
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
    return document_bytes(receipt.to_json())
