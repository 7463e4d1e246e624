"""A receipt reads back as it was written and keeps unknown keys; an invalid one is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mhsync.core.project import Project, Status
from mhsync.core.receipt import Deletion, FileRecord, Proof, Receipt, StoredOutput
from mhsync.core.template import path_key
from mhsync.errors import ReceiptInvalid

API = "https://api.example.com"
OTHER = "http://127.0.0.1:8080"
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 2, 12, 0, 0, 250_000, tzinfo=UTC)
SCHEMA = Draft202012Validator(json.loads((files("mhsync.schemas") / "receipt.schema.json").read_text()))

_names = st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: name not in (".", "..")
)
_paths = st.lists(_names, min_size=1, max_size=3).map("/".join)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_times = st.none() | st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
_unknown = st.dictionaries(st.text(min_size=1).map("x-".__add__), _json, max_size=2).map(MappingProxyType)
_outputs = st.builds(
    StoredOutput,
    path=_paths,
    size=st.integers(0, 2**50),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    source=st.just("https://files.example.com/one/output.wav"),
    filename=_names,
    proof=st.sampled_from(Proof),
    suspect=st.booleans(),
    superseded=st.none() | _paths,
    facts=st.dictionaries(st.text(), _json, max_size=2).map(MappingProxyType),
    extra=_unknown,
)
_records = st.lists(
    st.builds(
        FileRecord,
        path=_paths,
        size=st.integers(0, 2**50),
        sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    ),
    max_size=2,
).map(tuple)


def _receipts(
    api: str, others: st.SearchStrategy[tuple[MappingProxyType[str, Any], ...]]
) -> st.SearchStrategy[Receipt]:
    return st.builds(
        Receipt,
        id=st.just("one"),
        api=st.just(api),
        name=st.none() | st.text(),
        type=st.none() | st.text(),
        created_at=_times,
        credits_charged=st.none() | st.integers(),
        outputs=st.lists(_outputs, max_size=3, unique_by=lambda output: path_key(output.path)).map(tuple),
        stored_at=_times,
        deletion=st.none() | st.sampled_from(Deletion),
        deleting_at=_times,
        deleted_at=_times,
        storing=_records,
        set_aside=_records,
        others=others,
        extra=_unknown,
    )


_other_receipts = _receipts(OTHER, st.just(())).map(lambda receipt: (MappingProxyType(receipt.to_json()),))
receipts = _receipts(API, st.just(()) | _other_receipts)


@given(receipts)
def test_what_is_written_fits_the_schema_and_reads_back(receipt: Receipt) -> None:
    written = json.loads(json.dumps(receipt.to_json()))
    SCHEMA.validate(written)
    assert Receipt.from_json(written, expected_id="one") == receipt


def a_receipt(**changes: Any) -> dict[str, Any]:
    output = StoredOutput("one/output.wav", 3, "ab" * 32, "https://files.example.com/one/output.wav", "output.wav")
    return Receipt(id="one", api=API, name="A name", outputs=(output,), stored_at=NOW).to_json() | changes


def an_output(**changes: Any) -> dict[str, Any]:
    output: dict[str, Any] = a_receipt()["outputs"][0]
    return {"outputs": [output | changes]}


A_FILE: dict[str, Any] = {"path": "a.wav", "size": 1, "sha256": "ab" * 32}

REFUSED = {
    "not an object": [],
    "no version": a_receipt(version=None),
    "a newer version": a_receipt(version=2),
    "version zero": a_receipt(version=0),
    "a version that is true": a_receipt(version=True),
    "another id": a_receipt(id="two"),
    "no api": a_receipt(api=None),
    "no project": a_receipt(project=None),
    "outputs that are no list": a_receipt(outputs={}),
    "an output that is no object": a_receipt(outputs=["one/output.wav"]),
    "a path that climbs out": a_receipt(**an_output(path="../output.wav")),
    "an absolute path": a_receipt(**an_output(path="/output.wav")),
    "an empty path": a_receipt(**an_output(path="")),
    "a path with a backslash": a_receipt(**an_output(path="a\\b")),
    "a superseded path that climbs out": a_receipt(**an_output(superseded="a/../../b")),
    "the receipt of another project": a_receipt(**an_output(path=".mhsync/receipts/q.json")),
    "mhsync's own folder in capitals": a_receipt(**an_output(path=".MHsync/receipts/q.json")),
    "mhsync's own folder with a dot": a_receipt(**an_output(path=".mhsync./receipts/q.json")),
    "mhsync's own folder of a storage inside": a_receipt(**an_output(path="a/.mhsync/lock")),
    "a superseded path in mhsync's own folder": a_receipt(**an_output(superseded=".mhsync/lock")),
    "a parked path without a number": a_receipt(**an_output(path=".mhsync/moving/one-")),
    "storing in mhsync's own folder": a_receipt(storing=[A_FILE | {"path": ".mhsync/lock"}]),
    "storing that is no list": a_receipt(storing=A_FILE),
    "storing without a sha256": a_receipt(storing=[{"path": "a.wav", "size": 1}]),
    "set aside outside of the storage": a_receipt(set_aside=[A_FILE | {"path": "../a.wav"}]),
    "a size below zero": a_receipt(**an_output(size=-1)),
    "a size that is a text": a_receipt(**an_output(size="3")),
    "a short sha256": a_receipt(**an_output(sha256="ab")),
    "a sha256 in capitals": a_receipt(**an_output(sha256="AB" * 32)),
    "an unknown proof": a_receipt(**an_output(proof="hope")),
    "an unknown deletion": a_receipt(deletion="perhaps"),
    "an invalid time": a_receipt(stored_at="yesterday"),
    "others that are no receipts": a_receipt(others=["one"]),
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_an_invalid_receipt_is_refused(value: object) -> None:
    with pytest.raises(ReceiptInvalid) as refused:
        Receipt.from_json(value, expected_id="one")
    assert "\n" not in refused.value.message
    assert refused.value.id == "one"
    assert not SCHEMA.is_valid(value) or (isinstance(value, dict) and value["id"] == "two")


BEYOND_THE_SCHEMA = {
    "one path twice": a_receipt(outputs=[*an_output()["outputs"], *an_output()["outputs"]]),
    "one path twice, in capitals": a_receipt(
        outputs=[*an_output()["outputs"], *an_output(path="ONE/Output.wav")["outputs"]]
    ),
    "the parked path of another project": a_receipt(**an_output(path=".mhsync/moving/two-0")),
    "the parked path of another project whose id begins like it": a_receipt(
        **an_output(path=".mhsync/moving/one-1-0")
    ),
    "mhsync's own folder to a reader's eye": a_receipt(**an_output(path=".m\u04bbsync/receipts/q.json")),
}
"""Checks that no JSON Schema can express."""


@pytest.mark.parametrize("value", BEYOND_THE_SCHEMA.values(), ids=BEYOND_THE_SCHEMA)
def test_values_that_only_mhsync_can_check_are_refused_too(value: object) -> None:
    with pytest.raises(ReceiptInvalid):
        Receipt.from_json(value, expected_id="one")
    elsewhere = a_receipt(others=[value | {"api": OTHER}])
    receipt = Receipt.from_json(elsewhere, expected_id="one")
    with pytest.raises(ReceiptInvalid):
        receipt.for_api(OTHER)


def test_an_output_may_wait_under_the_parked_path_of_its_own_project() -> None:
    written = a_receipt(**an_output(path=".mhsync/moving/one-0", superseded="old/one.wav"))
    SCHEMA.validate(written)
    assert Receipt.from_json(written, expected_id="one").paths == {".mhsync/moving/one-0"}


def test_everything_that_a_receipt_names_is_named() -> None:
    written = a_receipt(
        **an_output(path="a.wav", superseded="b.wav"),
        storing=[A_FILE | {"path": "c.wav"}],
        set_aside=[A_FILE | {"path": "d.wav"}],
    )
    assert Receipt.from_json(written, expected_id="one").named == {"a.wav", "b.wav", "c.wav", "d.wav"}


def test_the_schema_takes_a_receipt_as_it_is_written() -> None:
    SCHEMA.validate(a_receipt())


def test_a_newer_version_has_a_hint_to_upgrade() -> None:
    with pytest.raises(ReceiptInvalid) as refused:
        Receipt.from_json(a_receipt(version=2), expected_id="one")
    assert refused.value.hint == "upgrade mhsync"


def test_keys_of_a_newer_mhsync_are_kept() -> None:
    written = a_receipt(colour="green", **an_output(loudness=-14))
    kept = Receipt.from_json(written, expected_id="one").to_json()
    assert kept["colour"] == "green"
    assert kept["outputs"][0]["loudness"] == -14


def test_a_record_of_another_api_is_kept_and_found_again() -> None:
    mine = Receipt.from_json(a_receipt(), expected_id="one")
    there = mine.for_api(OTHER)
    assert (there.api, there.outputs, len(there.others)) == (OTHER, (), 1)
    assert there.for_api(API) == Receipt.from_json(
        mine.to_json() | {"others": [Receipt.start("one", OTHER).to_json()]}, expected_id="one"
    )


def test_a_broken_record_of_another_api_is_refused_when_it_is_needed() -> None:
    receipt = Receipt.from_json(a_receipt(others=[{"api": OTHER}]), expected_id="one")
    with pytest.raises(ReceiptInvalid):
        receipt.for_api(OTHER)


def test_storing_again_keeps_what_the_paths_were_made_of() -> None:
    def project(name: str, charged: int) -> Project:
        return Project(
            "one", Status.COMPLETE, "complete", type=name, name=name, created_at=NOW, credits_charged=charged
        )

    first = Receipt.start("one", API).with_stored(project("first", 1), (), NOW)
    second = first.with_stored(project("second", 2), (), LATER)
    assert (second.name, second.type, second.credits_charged) == ("first", "first", 2)
    assert second.stored_at == LATER


def test_the_state_deleted_is_never_reset() -> None:
    deleted = (
        Receipt.start("one", API).with_deletion(Deletion.DELETING, NOW).with_deletion(Deletion.DELETED, LATER)
    )
    assert (deleted.deleting_at, deleted.deleted_at) == (NOW, LATER)
    assert deleted.with_deletion(Deletion.DELETING, LATER) is deleted


def test_only_the_outputs_that_did_not_match_become_suspect() -> None:
    receipt = Receipt.from_json(
        a_receipt(outputs=[*an_output(path="a.wav")["outputs"], *an_output(path="b.wav")["outputs"]]),
        expected_id="one",
    )
    marked = receipt.with_suspects(frozenset({"b.wav"}))
    assert [output.suspect for output in marked.outputs] == [False, True]
