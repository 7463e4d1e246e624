"""JSON documents in any storage, one for each project: their paths, and how they are read and written.

The file names of two ids that differ only in case are different too, and none is a device name of Windows:
`<id>.json` where the id is in lower case, else `<id in lower case>=<which letters are capitals, in hex>.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, BinaryIO, NoReturn

from mhsync.core.project import is_valid_id
from mhsync.errors import StorageNotFound
from mhsync.storage.base import Storage

_SUFFIX = ".json"
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_text_of = json.encoder.encode_basestring
_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")
_RESERVED_LENGTH = 4
"""Characters of the longest reserved name."""


class DocumentInvalid(ValueError):
    """A file that is not a document: too large, or not JSON. The message follows the name of the file."""


def document_path(folder: str, id: str) -> str:
    """The path of the document of a project; unique also on a case-insensitive file system.

    Args:
        folder: with `/` at its end.

    Raises:
        ValueError: the id is invalid.
    """
    if not is_valid_id(id):
        raise ValueError(f"not an id: {id!r:.80}")
    return f"{folder}{document_name(id)}{_SUFFIX}"


def document_name(id: str) -> str:
    """The name of a document's file without its suffix. The id is one for certain."""
    lower = id.lower()
    if lower == id and len(id) > _RESERVED_LENGTH:
        return id
    capitals = sum(1 << index for index, char in enumerate(id) if char.isupper())
    return f"{lower}={capitals:x}" if capitals or _RESERVED.fullmatch(lower) else lower


def name_in_folder(folder: str, path: str) -> str | None:
    """The name of the document's file under the path, or None where the path is not that of a document."""
    if path.startswith(folder) and path.endswith(_SUFFIX):
        return path[len(folder) : -len(_SUFFIX)]
    return None


def id_in_folder(folder: str, path: str) -> str | None:
    """The id whose document in the folder has the path; None if it is not the path of a document."""
    name = name_in_folder(folder, path)
    if name is None:
        return None
    lower, _, mark = name.partition("=")
    if not is_valid_id(lower) or re.fullmatch(r"[0-9a-f]{0,32}", mark) is None:
        return None
    capitals = int(mark or "0", 16)
    id = "".join(char.upper() if capitals >> index & 1 else char for index, char in enumerate(lower))
    return id if document_path(folder, id) == path else None


def read_document(storage: Storage, path: str, *, limit: int) -> object:
    """The JSON value of a file; None if there is no file.

    Args:
        limit: bytes; a larger file is not a document.

    Raises:
        DocumentInvalid: the file is too large, or not JSON.
        StorageError: it cannot be read.
    """
    try:
        reader = storage.open(path)
    except StorageNotFound:
        return None
    with reader:
        data = _read(reader, limit + 1)
    if len(data) > limit:
        raise DocumentInvalid(f"is larger than {limit} bytes")
    try:
        value = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise DocumentInvalid("is not JSON") from None
    # A file that holds `null` exists: it is an invalid document, not a missing one.
    return {} if value is None else value


def document_bytes(value: Mapping[str, Any]) -> bytes:
    """A document as it is stored: indented JSON, for readers and for git."""
    text = _indented(value, "\n")
    # Half a surrogate pair has no UTF-8 form; it is written as JSON's backslash escape.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _indented(value: object, start: str) -> str:
    """As `json.dumps` with an indent of 2, which takes five times as long: it uses no code in C for indented text.

    Args:
        start: a line feed and the indent of the line that the value is in.
    """
    if isinstance(value, str):
        return _text_of(value)
    inner = f"{start}  "
    if isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
        items = [f"{_text_of(key)}: {_indented(item, inner)}" for key, item in value.items()]
        return f"{{{inner}{f',{inner}'.join(items)}{start}}}"
    if isinstance(value, list | tuple) and value:
        return f"[{inner}{f',{inner}'.join([_indented(item, inner) for item in value])}{start}]"
    return "null" if value is None else _ENCODER.encode(value)


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
