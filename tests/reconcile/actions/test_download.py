"""Outputs whose links differ only in the query, and lists of links in another order."""

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
    """An account whose outputs have one path, and differ only in the query. It simulates both hosts.

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


def stored(fixture) -> list[str]:
    return sorted(hashlib.sha256((fixture.folder / path).read_bytes()).hexdigest() for path in fixture.files())


def hashes(*seeds: str) -> list[str]:
    return sorted(hashlib.sha256(body_of(seed)).hexdigest() for seed in seeds)


def use(fixture, account: Queries) -> Queries:
    fixture.sandbox.faults = Faults(Rule(account))
    return account


@pytest.mark.parametrize("state", ["downloaded", "archived"])
def test_outputs_of_one_path_are_all_stored(reconcile_fixture, state):
    fixture = reconcile_fixture(complete("one"))
    use(fixture, Queries(("a", "b", "c")))
    assert outcomes(fixture.apply({"one": state})) == {"one": state}
    assert stored(fixture) == hashes("a", "b", "c")
    assert fixture.sent("DELETE") == (["one"] if state == "archived" else [])


def test_another_output_of_the_same_path_is_fetched_before_the_delete(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    use(fixture, Queries(("a",)))
    fixture.apply({"one": "downloaded"})
    use(fixture, Queries(("a", "b")))
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    assert stored(fixture) == hashes("a", "b")


def test_another_output_of_the_same_path_at_the_last_moment_keeps_the_original(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    use(fixture, Queries(("a", "b"), orders=((0,), (0, 1))))
    report = fixture.apply({"one": "archived"})
    assert result_of(report, "one").error.code == "outputs_changed"
    assert fixture.sent("DELETE") == []
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    assert stored(fixture) == hashes("a", "b")


@pytest.mark.parametrize("refused", [0, 1])
def test_a_new_list_in_another_order_starts_all_outputs_of_one_path_again(reconcile_fixture, refused):
    fixture = reconcile_fixture(complete("one"))
    account = use(fixture, Queries(("a", "b"), orders=((0, 1), (1, 0)), refused=frozenset({refused})))
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    assert stored(fixture) == hashes("a", "b")
    assert [query for query in account.files if query.endswith("list=2")] == ["n=1&list=2", "n=0&list=2"]
    assert fixture.sent("DELETE") == ["one"]
    fixture.check_receipts_are_true()


def test_new_lists_are_requested_a_bounded_number_of_times(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    account = use(fixture, Queries(("a", "b"), refused=frozenset(range(1, 100, 2))))
    report = fixture.apply({"one": "archived"})
    assert result_of(report, "one").error.code == "link_expired"
    assert (account.gets, len(account.files)) == (4, 6)
    assert fixture.sent("DELETE") == []
    use(fixture, Queries(("a", "b")))
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    assert (stored(fixture), fixture.leftovers()) == (hashes("a", "b"), [])


def test_outputs_of_one_path_with_the_same_bytes_keep_the_original(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    use(fixture, Queries(("a", "a")))
    for code in ("copy_not_proved", "outputs_indistinct"):
        error = result_of(fixture.apply({"one": "archived"}), "one").error
        assert error.code == code
        assert "same bytes" in error.message
    assert (fixture.sent("DELETE"), stored(fixture)) == ([], hashes("a", "a"))


def test_a_file_that_an_older_version_stored_twice_keeps_the_original(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    use(fixture, Queries(("a", "b")))
    fixture.apply({"one": "downloaded"})
    receipt = fixture.receipt("one")
    first, second = receipt["outputs"]
    second |= {key: first[key] for key in ("size", "sha256")}
    (fixture.folder / second["path"]).write_bytes((fixture.folder / first["path"]).read_bytes())
    (fixture.folder / receipt_path("one")).write_text(json.dumps(receipt))
    assert result_of(fixture.apply({"one": "archived"}), "one").error.code == "outputs_indistinct"
    assert fixture.sent("DELETE") == []


class Reversed:
    """The honest details, with the list of links the other way round."""

    def apply(self, occasion) -> HttpResponse:
        answer = occasion.real_response()
        data = json.loads(b"".join(answer.body))
        return HttpResponse.of_json(200, data | {"downloads": data["downloads"][::-1]})


@pytest.mark.parametrize("refused", [1, 2])
def test_a_new_list_in_another_order_is_matched_by_path(reconcile_fixture, refused):
    fixture = reconcile_fixture(complete("one", 2), complete("two", 2))
    fixture.apply({"two": "downloaded"})
    fixture.sandbox.faults = Faults(
        Rule(Reversed(), host="api", method="GET", skip=1), Rule(f.Expired(), host="files", nth=refused)
    )
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}
    fixture.check_receipts_are_true()
    real_response = {f"/one/{output.path}": output.audio.sha256() for output in outputs_of("one", 2, size=SIZE)}
    found = {urlsplit(o["source"]).path: o["sha256"] for o in fixture.receipt("one")["outputs"]}
    assert found == real_response
