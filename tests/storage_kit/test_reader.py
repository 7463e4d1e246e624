"""CheckedReader: a file that ends early is an error, and no bytes are lost."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from mhsync import StorageError
from mhsync.storage_kit import CheckedReader


class Broken(io.BytesIO):
    """Raises after its bytes, and when it is closed."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data:
            raise ConnectionResetError("gone")
        return data

    def close(self) -> None:
        raise OSError("close failed")


def test_a_complete_file_is_read(tmp_path: Path):
    (tmp_path / "a").write_bytes(bytes(100_000))
    results: list[bool] = []
    with (
        (tmp_path / "a").open("rb") as file,
        io.BufferedReader(CheckedReader(file, 100_000, "a", on_close=results.append), 1000) as reader,
    ):
        assert reader.read(10) == bytes(10)
        assert reader.read() == bytes(99_990)
        assert reader.read(1) == b""
    assert results == [True]


@pytest.mark.parametrize(("size", "received"), [(3, 2), (1, 2)])
def test_a_file_of_another_length_is_an_error(size: int, received: int):
    results: list[bool] = []
    reader = CheckedReader(io.BytesIO(b"ab"), size, "shelf://a.wav", on_close=results.append)
    with pytest.raises(StorageError) as caught:
        reader.readall()
    assert caught.value.message == f"cannot read shelf://a.wav: {received} of {size} bytes were received"
    reader.close()
    reader.close()
    assert results == [False]


def test_a_file_of_unknown_length_is_read_to_its_end():
    assert CheckedReader(io.BytesIO(b"ab"), None, "a").readall() == b"ab"


def test_no_error_is_raised_for_a_read_of_no_bytes():
    assert CheckedReader(io.BytesIO(b"ab"), 2, "a").readinto(bytearray()) == 0


def test_an_exception_of_the_library_is_translated():
    results: list[bool] = []
    reader = CheckedReader(
        Broken(b"ab"), 5, "a", translate=lambda error: StorageError(f"lost: {error}"), on_close=results.append
    )
    assert reader.read(2) == b"ab"
    with pytest.raises(StorageError, match="lost: gone"):
        reader.read(1)
    reader.close()
    assert results == [False]
