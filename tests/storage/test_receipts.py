"""Receipts in any storage: a safe name for each id, strict reading, and no write that loses a record."""

from __future__ import annotations

import io
import json
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.layout import RECEIPTS
from mhsync.core.receipt import Deletion, Receipt, StoredOutput
from mhsync.errors import ReceiptInvalid, StorageError
from mhsync.storage.files import TemporaryFile
from mhsync.storage.local import LocalStorage
from mhsync.storage.receipts import WrittenReceipt, id_of, read_receipt, receipt_path, to_bytes, update_receipt
from mhsync.testing.content import get, paths, put

API = "https://api.example.com"
OTHER = "http://127.0.0.1:8080"
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
LIMIT = 100_000
OUTPUT = StoredOutput("one/output.wav", 3, "ab" * 32, "https://files.example.com/one/output.wav", "output.wav")

ids = st.text("abcABC019_-conCON", min_size=1, max_size=128) | st.sampled_from(
    ["con", "CON", "nul", "com1", "lpt9"]
)


class Counting(LocalStorage):
    """Counts writes and reads, and reads a byte at a time."""

    writes = 0
    reads = 0

    def write(self, path: str) -> AbstractContextManager[TemporaryFile]:
        self.writes += 1
        return super().write(path)

    def open(self, path: str) -> BinaryIO:
        self.reads += 1
        with super().open(path) as reader:
            return _Slow(reader.read())


class _Slow(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(1)


@pytest.fixture
def storage(tmp_path: Path) -> Counting:
    return Counting(tmp_path)


def update(storage: LocalStorage, api: str = API, **changes: object) -> Receipt:
    return update_receipt(storage, "one", api, lambda receipt: replace(receipt, **changes), limit=LIMIT)


class TestNames:
    @pytest.mark.parametrize(
        ("id", "name"),
        [
            ("clx7uu86w0a5qp55yxz315r6r", "clx7uu86w0a5qp55yxz315r6r.json"),
            ("a_b-c", "a_b-c.json"),
            ("ABC", "abc=7.json"),
            ("aBC", "abc=6.json"),
            ("con", "con=0.json"),
            ("Con", "con=1.json"),
            ("com1", "com1=0.json"),
            ("com10", "com10.json"),
            ("A" * 128, "a" * 128 + "=" + "f" * 32 + ".json"),
        ],
    )
    def test_a_name_is_readable_and_safe(self, id: str, name: str) -> None:
        assert receipt_path(id) == RECEIPTS + name
        assert id_of(RECEIPTS + name) == id

    @given(ids)
    def test_a_name_leads_back_to_its_id(self, id: str) -> None:
        path = receipt_path(id)
        assert id_of(path) == id
        assert path == path.lower()
        assert len(path.rpartition("/")[2].encode()) <= 255

    @given(ids, ids)
    def test_two_ids_have_two_names_where_case_does_not_matter(self, one: str, two: str) -> None:
        assert (receipt_path(one).casefold() == receipt_path(two).casefold()) == (one == two)

    @pytest.mark.parametrize(
        "name",
        [
            "ABC.json", "con.json", "abc=0.json", "abc=.json", "abc=07.json", "abc=F.json", "abc=8.json", "1=1.json",
            "abc=7", "abc", ".json", "=1.json", "a.b.json", "a/b.json", "abc=" + "f" * 33 + ".json", "a" * 129 + ".json",
        ],
    )  # fmt: skip
    def test_another_file_is_not_a_receipt(self, name: str) -> None:
        assert id_of(RECEIPTS + name) is None

    def test_a_file_in_another_folder_is_not_a_receipt(self) -> None:
        assert id_of("one.json") is None
        assert id_of(".mhsync/one.json") is None

    @pytest.mark.parametrize("id", ["", "../one", "a b", "ä", "a" * 129, "one\n"])
    def test_an_invalid_id_has_no_receipt(self, id: str) -> None:
        with pytest.raises(ValueError, match="not an id"):
            receipt_path(id)


class TestReading:
    def test_a_missing_receipt_is_none(self, storage: Counting) -> None:
        assert read_receipt(storage, "one", limit=LIMIT) is None

    @pytest.mark.parametrize(
        "data",
        [
            b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version": NaN}', b"[" * 50_000, b'{"version": 2}',
            b"9" * 5000, b"{}",
        ],
        ids=lambda data: data[:16].decode("latin-1"),
    )  # fmt: skip
    def test_an_invalid_receipt_is_refused_and_not_changed(self, storage: Counting, data: bytes) -> None:
        put(storage, receipt_path("one"), data)
        for attempt in (lambda: read_receipt(storage, "one", limit=LIMIT), lambda: update(storage)):
            with pytest.raises(ReceiptInvalid) as refused:
                attempt()
            assert "receipt of one" in refused.value.message
            assert "\n" not in refused.value.message
            assert refused.value.hint
        assert get(storage, receipt_path("one")) == data

    def test_a_receipt_of_another_id_is_refused(self, storage: Counting) -> None:
        update(storage)
        storage.copy(receipt_path("one"), receipt_path("two"))
        with pytest.raises(ReceiptInvalid, match="id of another project"):
            read_receipt(storage, "two", limit=LIMIT)

    def test_it_is_read_whole_up_to_its_bound(self, storage: Counting) -> None:
        receipt = update(storage, outputs=(OUTPUT,))
        size = len(get(storage, receipt_path("one")))
        assert read_receipt(storage, "one", limit=size) == receipt
        with pytest.raises(ReceiptInvalid, match=f"larger than {size - 1} bytes"):
            read_receipt(storage, "one", limit=size - 1)

    def test_a_failing_storage_is_not_a_missing_receipt(self, tmp_path: Path) -> None:
        (tmp_path / ".mhsync").mkdir()
        (tmp_path / ".mhsync" / "receipts").symlink_to(tmp_path)
        with pytest.raises(StorageError):
            read_receipt(LocalStorage(tmp_path), "one", limit=LIMIT)


class TestUpdating:
    def test_the_first_one_is_started(self, storage: Counting) -> None:
        written = update(storage, name="A name", outputs=(OUTPUT,), stored_at=NOW)
        assert written == Receipt("one", API, name="A name", outputs=(OUTPUT,), stored_at=NOW)
        assert read_receipt(storage, "one", limit=LIMIT) == written

    def test_a_person_can_read_it(self, storage: Counting) -> None:
        update(storage, name="日本語 \ud800")
        data = get(storage, receipt_path("one"))
        assert data.startswith(b'{\n  "version": 1,\n  "id": "one",\n')
        assert data.endswith(b"}\n")
        assert "日本語".encode() in data
        assert json.loads(data)["project"]["name"] == "日本語 \ud800"

    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=8,
        )
    )
    def test_it_is_written_as_the_json_module_writes_it(self, value: object) -> None:
        receipt = Receipt("one", API, outputs=(replace(OUTPUT, facts={"plugin": value}),), extra={"new": value})
        data = json.dumps(receipt.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
        assert to_bytes(receipt) == data.encode("utf-8", "backslashreplace") + b"\n"

    @pytest.mark.parametrize("facts", [{1: 2}, {"a": (1, 2)}, {"a": {None: ()}}])
    def test_facts_that_json_can_only_write_in_another_form_are_written(self, facts: dict[object, object]) -> None:
        receipt = Receipt("one", API, outputs=(replace(OUTPUT, facts=facts),))
        assert json.loads(to_bytes(receipt)) == json.loads(json.dumps(receipt.to_json()))

    def test_a_receipt_that_was_written_is_not_read_again(self, storage: Counting) -> None:
        written: list[WrittenReceipt] = []

        def change(known: WrittenReceipt | None, **changes: object) -> Receipt:
            return update_receipt(
                storage,
                "one",
                API,
                lambda receipt: replace(receipt, **changes),
                limit=LIMIT,
                on_written=lambda receipt, version: written.append(WrittenReceipt(receipt, version)),
                known=known,
            )

        change(None, name="A name")
        assert written[-1].version is not None
        reads = storage.reads
        assert change(written[-1], type="A type").name == "A name"
        assert storage.reads == reads
        # Another writer: the record that is known is not used any more.
        update(storage, credits_charged=5)
        assert change(written[-1], stored_at=NOW) == replace(
            written[0].receipt, type="A type", credits_charged=5, stored_at=NOW
        )
        Path(storage.folder / receipt_path("one")).write_bytes(b"{}")
        with pytest.raises(ReceiptInvalid):
            change(written[-1], name="Another")

    def test_a_receipt_without_a_version_is_read_again(self, storage: Counting) -> None:
        receipt = update(storage, name="A name")
        update(storage, name="Another")
        assert WrittenReceipt(receipt, None).read(storage, LIMIT) == replace(receipt, name="Another")

    def test_an_unchanged_receipt_is_not_written(self, storage: Counting) -> None:
        update(storage, name="A name")
        update(storage, name="A name")
        assert storage.writes == 1
        update(storage, name="Another")
        assert storage.writes == 2

    def test_a_change_by_another_run_is_read_first(self, storage: Counting) -> None:
        update(storage, name="A name")
        put(storage, receipt_path("one"), get(storage, receipt_path("one")).replace(b'"A name"', b'"Changed"'))
        assert update(storage, stored_at=NOW).name == "Changed"

    def test_the_state_deleted_is_never_dropped(self, storage: Counting) -> None:
        update(storage, deletion=Deletion.DELETED, deleted_at=NOW)
        after = update(storage, deletion=None, deleted_at=None, outputs=(OUTPUT,))
        assert (after.deletion, after.deleted_at, after.outputs) == (Deletion.DELETED, NOW, (OUTPUT,))
        assert read_receipt(storage, "one", limit=LIMIT) == after

    def test_the_records_of_other_apis_are_kept(self, storage: Counting) -> None:
        real = update(storage, deletion=Deletion.DELETED, deleted_at=NOW)
        sandbox = update(storage, OTHER, name="in the sandbox", others=())
        assert (sandbox.api, sandbox.deletion) == (OTHER, None)
        again = update(storage)
        assert replace(again, others=()) == real
        assert [other["api"] for other in again.others] == [OTHER]

    def test_a_change_cannot_set_another_id(self, storage: Counting) -> None:
        after = update_receipt(
            storage, "one", API, lambda receipt: replace(receipt, id="two", api=OTHER), limit=LIMIT
        )
        assert (after.id, after.api) == ("one", API)
        assert paths(storage) == [receipt_path("one")]

    def test_a_receipt_that_could_not_be_read_back_is_not_written(self, storage: Counting) -> None:
        before = update(storage, name="A name")
        with pytest.raises(ReceiptInvalid, match="would be larger"):
            update(storage, extra=MappingProxyType({"notes": "x" * LIMIT}))
        assert read_receipt(storage, "one", limit=LIMIT) == before
