"""The file of the receipt index: written as a whole, and used only where it is whole, in order and as it was written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from mhsync.core.index_row import Row
from mhsync.core.layout import INDEX
from mhsync.storage.index_file import IndexInvalidError, read_index, write_index
from mhsync.storage.local import LocalStorage

API = "https://api.example"


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def line(name: str) -> bytes:
    row = [name, "v1", None, None, None, "2026-11-01T00:00:00Z", None]
    row += [f"{name}/output.wav", 10, "0" * 64, "https://f.example/output.wav", "output.wav"]
    return json.dumps(row, separators=(",", ":")).encode()


def read(
    storage: LocalStorage, api: str = API, *, size_max: int = 10**9, row_max: int = 10_000
) -> dict[str, bytes]:
    batches = read_index(storage, api, size_max=size_max, row_max=row_max)
    return {row[0]: text for batch in batches for text, row in batch}


def sealed(lines: list[bytes], rows: int) -> bytes:
    """An index with these lines and a digest that fits them, as a forger would write it."""
    body = b"".join(text + b"\n" for text in lines)
    end = {"rows": rows, "sha256": hashlib.sha256(body).hexdigest()}
    return body + json.dumps(end, separators=(",", ":")).encode() + b"\n"


def put(storage: LocalStorage, data: bytes) -> None:
    with storage.write(INDEX) as writer:
        writer.write(data)


@pytest.mark.parametrize("number", [0, 1, 2, 5000])
def test_what_is_written_is_read_back(storage: LocalStorage, number: int) -> None:
    lines = {f"p{index}": line(f"p{index}") for index in range(number)}
    write_index(storage, API, lines)
    assert read(storage) == lines


def test_the_same_rows_give_the_same_bytes(storage: LocalStorage) -> None:
    data = []
    for names in ("ab", "ba"):
        write_index(storage, API, {name: line(name) for name in names})
        data.append((storage.folder / INDEX).read_bytes())
    assert data[0] == data[1]


def test_an_index_that_is_cut_anywhere_is_not_used(storage: LocalStorage) -> None:
    write_index(storage, API, {name: line(name) for name in "abc"})
    whole = (storage.folder / INDEX).read_bytes()
    for end in range(len(whole)):
        put(storage, whole[:end])
        with pytest.raises(IndexInvalidError):
            read(storage)


def test_an_index_with_any_byte_changed_is_not_used(storage: LocalStorage) -> None:
    write_index(storage, API, {name: line(name) for name in "abc"})
    whole = (storage.folder / INDEX).read_bytes()
    for place in range(len(whole)):
        put(storage, whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(IndexInvalidError):
            read(storage)


HEADER = json.dumps({"format": "mhsync.receipt-index/1", "api": API}, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n", b"\n\n", b"{}", HEADER, HEADER + b"\n",
        sealed([HEADER, line("b"), line("a")], 2),
        sealed([HEADER, line("a"), line("a")], 2),
        sealed([HEADER, line("a")], 2),
        sealed([line("a")], 1),
        sealed([HEADER, HEADER, line("a")], 1),
        sealed([HEADER.replace(b"/1", b"/2"), line("a")], 1),
        sealed([HEADER.replace(b"api.example", b"other.example"), line("a")], 1),
        sealed([HEADER, b"[" * 5_000], 1),
        sealed([HEADER, b'{"a":' * 2_000], 1),
        sealed([HEADER, b"null"], 1),
        sealed([HEADER, b""], 1),
        sealed([HEADER, b'["a","v"],["b","v"]'], 2),
        sealed([HEADER, b"\xff\xfe"], 1),
        sealed([HEADER, line("a") + b" " * 10_000], 1),
        sealed([HEADER, line("a")], 1) + b"\n",
        sealed([HEADER, line("a")], 1) + line("b"),
        b"\0" * 1_000_000,
        b"[" * 1_000_000,
    ],
)  # fmt: skip
def test_hostile_and_damaged_files_are_not_used(storage: LocalStorage, data: bytes) -> None:
    put(storage, data)
    with pytest.raises(IndexInvalidError):
        read(storage)


def test_a_file_that_is_too_large_is_not_read_to_its_end(storage: LocalStorage) -> None:
    write_index(storage, API, {f"p{index:05}": line(f"p{index:05}") for index in range(10_000)})
    seen: list[Row] = []
    with pytest.raises(IndexInvalidError, match="too large"):
        for batch in read_index(storage, API, size_max=300_000, row_max=10_000):
            seen += batch
    assert len(seen) < 3_000
