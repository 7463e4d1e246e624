"""Outputs that differ only in the query of their links, and lists of links that come in another order."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from mhsync.sandbox import faults as f
from mhsync.sandbox.account import outputs_of
from mhsync.sandbox.rules import Faults, Rule
from mhsync.sandbox.wav import Wav
from mhsync.sandbox.wire import HttpResponse
from mhsync.storage.receipts import receipt_path
from tests.reconcile.fixture import complete, outcomes, result_of

SIZE = 2000


@dataclass
class Queries:
    """An account whose outputs have one path, and are told apart by the query alone: both hosts.

    Args:
        seeds: what each output sounds like; equal seeds are equal bytes.
        orders: the order of the list in each answer to a GET; the last one stays.
        refused: answers to files, counted from 0, that refuse the link.
    """

    seeds: tuple[str, ...]
    orders: tuple[tuple[int, ...], ...] = ()
    refused: frozenset[int] = frozenset()
    gets: int = 0
    files: list[str] = field(default_factory=list)

    def apply(self, occasion) -> HttpResponse:
        return self._details(occasion) if "/v1/" in occasion.request.path else self._file(occasion)

    def _details(self, occasion) -> HttpResponse:
        answer = occasion.real_response()
        if answer.status != 200 or occasion.request.method != "GET":
            return answer
        data = json.loads(b"".join(answer.body))
        base = data["downloads"][0]["url"].partition("?")[0]
        order = self.orders[min(self.gets, len(self.orders) - 1)] if self.orders else range(len(self.seeds))
        self.gets += 1
        data["downloads"] = [{"url": f"{base}?n={n}&list={self.gets}", "expires_at": None} for n in order]
        return HttpResponse.of_json(200, data)

    def _file(self, occasion) -> HttpResponse:
        query = occasion.request.query
        self.files.append(query)
        if len(self.files) - 1 in self.refused:
            return HttpResponse.of_bytes(403, "application/xml", b"<Error/>")
        seed = self.seeds[int(query.partition("&")[0].removeprefix("n="))]
        return HttpResponse.of_bytes(200, "audio/wav", body_of(seed))


def body_of(seed: str) -> bytes:
    return b"".join(Wav(seed, SIZE).read())


def stored(b) -> list[str]:
    return sorted(hashlib.sha256((b.folder / path).read_bytes()).hexdigest() for path in b.files())


def hashes(*seeds: str) -> list[str]:
    return sorted(hashlib.sha256(body_of(seed)).hexdigest() for seed in seeds)


def use(b, account: Queries) -> Queries:
    b.sandbox.faults = Faults(Rule(account))
    return account


@pytest.mark.parametrize("state", ["downloaded", "archived"])
def test_outputs_of_one_path_are_all_stored(bench, state):
    b = bench(complete("one"))
    use(b, Queries(("a", "b", "c")))
    assert outcomes(b.apply({"one": state})) == {"one": state}
    assert stored(b) == hashes("a", "b", "c")
    assert b.sent("DELETE") == (["one"] if state == "archived" else [])


def test_an_output_more_of_the_same_path_is_fetched_before_the_delete(bench):
    b = bench(complete("one"))
    use(b, Queries(("a",)))
    b.apply({"one": "downloaded"})
    use(b, Queries(("a", "b")))
    assert outcomes(b.apply({"one": "archived"})) == {"one": "archived"}
    assert stored(b) == hashes("a", "b")


def test_an_output_more_of_the_same_path_at_the_last_moment_keeps_the_original_alive(bench):
    b = bench(complete("one"))
    use(b, Queries(("a", "b"), orders=((0,), (0, 1))))
    report = b.apply({"one": "archived"})
    assert result_of(report, "one").error.code == "outputs_changed"
    assert b.sent("DELETE") == []
    assert outcomes(b.apply({"one": "archived"})) == {"one": "archived"}
    assert stored(b) == hashes("a", "b")


@pytest.mark.parametrize("refused", [0, 1])
def test_a_new_list_in_another_order_starts_all_outputs_of_one_path_again(bench, refused):
    b = bench(complete("one"))
    account = use(b, Queries(("a", "b"), orders=((0, 1), (1, 0)), refused=frozenset({refused})))
    assert outcomes(b.apply({"one": "archived"})) == {"one": "archived"}
    assert stored(b) == hashes("a", "b")
    assert [query for query in account.files if query.endswith("list=2")] == ["n=1&list=2", "n=0&list=2"]
    assert b.sent("DELETE") == ["one"]
    b.check_receipts_are_true()


def test_new_lists_are_asked_for_a_bounded_number_of_times(bench):
    b = bench(complete("one"))
    account = use(b, Queries(("a", "b"), refused=frozenset(range(1, 100, 2))))
    report = b.apply({"one": "archived"})
    assert result_of(report, "one").error.code == "link_expired"
    assert (account.gets, len(account.files)) == (4, 6)
    assert b.sent("DELETE") == []
    use(b, Queries(("a", "b")))
    assert outcomes(b.apply({"one": "archived"})) == {"one": "archived"}
    assert (stored(b), b.leftovers()) == (hashes("a", "b"), [])


def test_outputs_of_one_path_with_the_same_bytes_keep_the_original_alive(bench):
    b = bench(complete("one"))
    use(b, Queries(("a", "a")))
    for code in ("copy_not_proved", "outputs_indistinct"):
        error = result_of(b.apply({"one": "archived"}), "one").error
        assert error.code == code
        assert "same bytes" in error.message
    assert (b.sent("DELETE"), stored(b)) == ([], hashes("a", "a"))


def test_a_file_that_an_older_version_stored_twice_costs_no_original(bench):
    b = bench(complete("one"))
    use(b, Queries(("a", "b")))
    b.apply({"one": "downloaded"})
    receipt = b.receipt("one")
    first, second = receipt["outputs"]
    second |= {key: first[key] for key in ("size", "sha256")}
    (b.folder / second["path"]).write_bytes((b.folder / first["path"]).read_bytes())
    (b.folder / receipt_path("one")).write_text(json.dumps(receipt))
    assert result_of(b.apply({"one": "archived"}), "one").error.code == "outputs_indistinct"
    assert b.sent("DELETE") == []


class Reversed:
    """The honest details, with the list of links the other way round."""

    def apply(self, occasion) -> HttpResponse:
        answer = occasion.real_response()
        data = json.loads(b"".join(answer.body))
        return HttpResponse.of_json(200, data | {"downloads": data["downloads"][::-1]})


@pytest.mark.parametrize("refused", [1, 2])
def test_a_new_list_in_another_order_is_matched_by_path(bench, refused):
    b = bench(complete("one", 2), complete("two", 2))
    b.apply({"two": "downloaded"})
    b.sandbox.faults = Faults(
        Rule(Reversed(), host="api", method="GET", skip=1), Rule(f.Expired(), host="files", nth=refused)
    )
    assert outcomes(b.apply({"one": "archived"})) == {"one": "archived"}
    b.check_receipts_are_true()
    real_response = {f"/one/{output.path}": output.audio.sha256() for output in outputs_of("one", 2, size=SIZE)}
    found = {urlsplit(o["source"]).path: o["sha256"] for o in b.receipt("one")["outputs"]}
    assert found == real_response
