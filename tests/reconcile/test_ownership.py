"""A receipt may name anything; what is not proved to be one project's own file is left as it is."""

from __future__ import annotations

import json

import pytest

from mhsync.storage.receipts import receipt_path
from tests.reconcile.bench import complete, outcomes, result_of


def forge(b, id: str, path: str, source: str) -> None:
    """A receipt of `id` whose only output is a file that is there already."""
    import hashlib

    body = (b.folder / path).read_bytes()
    receipt = b.receipt(id)
    receipt["outputs"] = [
        receipt["outputs"][0]
        | {"path": path, "size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "source": source}
    ]
    (b.folder / receipt_path(id)).write_text(json.dumps(receipt))


@pytest.mark.parametrize("path", [".mhsync/receipts/q.json", ".mhsync/lock"])
@pytest.mark.parametrize("state", ["downloaded", "archived"])
def test_a_receipt_that_names_a_file_of_mhsync_itself_is_invalid(bench, path, state):
    b = bench(complete("p"), complete("q"))
    b.apply({"p": "downloaded", "q": "downloaded"})
    before = (b.folder / path).read_bytes()
    forge(b, "p", path, "https://files.example/p/output.wav")
    report = b.apply({"p": (state, "new/{filename}")})
    assert outcomes(report) == {"p": "failed"}
    assert result_of(report, "p").error.code == "receipt_invalid"
    assert (b.folder / path).read_bytes() == before
    assert b.sent("DELETE") == []


def test_two_outputs_with_one_path_make_a_receipt_invalid(bench):
    b = bench(complete("p", 2))
    b.apply({"p": "downloaded"})
    receipt = b.receipt("p")
    receipt["outputs"][1]["path"] = receipt["outputs"][0]["path"]
    (b.folder / receipt_path("p")).write_text(json.dumps(receipt))
    before = b.files()
    report = b.apply({"p": ("downloaded", "new/{filename}")})
    assert outcomes(report) == {"p": "failed"}
    assert b.files() == before
