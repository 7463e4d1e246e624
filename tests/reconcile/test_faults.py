"""The fault matrix: with any fault, no audio is lost, nothing is deleted that was not requested, and the next run
finishes the work. Each row gives the result of an `archived` project, over real sockets, with faults of the sandbox.

The client's own rows (errors, retries, requests) are in `tests/api/`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from mhsync.core.audio import Audio
from mhsync.errors import AuthenticationFailed
from mhsync.reconcile.progress import ProjectFinished
from mhsync.sandbox import faults as f
from mhsync.sandbox.rules import Faults, Rule
from tests.reconcile.fixture import QUICK, complete, outcomes, result_of

IMPATIENT = replace(
    QUICK,
    http=replace(QUICK.http, read_timeout=0.15, connect_timeout=0.5),
    download=replace(QUICK.download, read_timeout=0.15),
)
SIZE = 60_000
WHOLE = {"one/output.wav": SIZE}


@dataclass(frozen=True)
class Row:
    """A fault where it strikes, and what must come out."""

    name: str
    fault: object
    outcome: str = "failed"
    code: str | None = None
    files: bool = False
    """Whether the output is stored afterwards."""
    deletes: int = 0
    """DELETEs that the API saw."""
    gets: int | None = None
    """GETs that the API saw, where the number is the promise."""
    times: int | None = None
    host: str = "api"
    method: str = "GET"


GET = [
    Row("reset", f.Reset(), code="connection_failed", gets=6),
    Row("reset-once", f.Reset(), "archived", files=True, deletes=1, times=1),
    Row("cut", f.Cut(20), code="connection_failed", gets=6),
    Row("cut-once", f.Cut(20), "archived", files=True, deletes=1, times=1),
    Row("stall", f.Stall(), code="connection_failed", gets=6),
    Row("429", f.Status(429), code="rate_limited"),
    Row("429-twice", f.Status(429), "archived", files=True, deletes=1, times=2),
    Row("429-retry-after", f.Status(429, retry_after=1), "archived", files=True, deletes=1, times=1),
    Row("429-retry-after-date", f.Status(429, retry_after_date=1), "archived", files=True, deletes=1, times=1),
    Row("500", f.Status(500), code="server_failed", gets=6),
    Row("500-three-times", f.Status(500), "archived", files=True, deletes=1, times=3),
    Row("502", f.Status(502), code="server_failed", gets=6),
    Row("503", f.Status(503), code="server_failed"),
    Row("503-twice", f.Status(503), "archived", files=True, deletes=1, times=2),
    Row("403", f.Status(403), code="permission_denied", gets=1),
    Row("404", f.Status(404), "blocked", code="no_copy", gets=1),
    Row("402", f.Status(402), code="payment_required", gets=1),
    Row("invalid-json", f.InvalidJson(), code="answer_invalid"),
    Row("html", f.Html(), code="answer_invalid"),
    Row("html-once", f.Html(), "archived", files=True, deletes=1, times=1),
    Row("other-id", f.OtherId(), code="answer_invalid", gets=1),
    Row("unknown-status", f.UnknownStatus(), code="unknown_status", gets=1),
    Row("no-status", f.MissingField("status"), code="answer_invalid", gets=1),
    Row("no-downloads", f.MissingField("downloads"), "blocked", code="no_outputs", gets=1),
    Row("wrong-type", f.WrongType(), code="answer_invalid", gets=1),
    Row("100-MB", f.Huge(100_000_000), code="answer_invalid"),
    Row("100-MB-chunked", f.Huge(100_000_000, chunked=True), code="answer_invalid"),
    Row("redirect", f.Redirect(), code="answer_invalid"),
]
DELETE = [
    Row("reset", f.Reset(), code="connection_failed", files=True, deletes=6),
    Row("reset-once", f.Reset(), "archived", files=True, deletes=2, times=1),
    Row("answer-lost", f.Lost(), "archived", files=True, deletes=1, times=1),
    Row("every-answer-lost", f.Lost(), "archived", files=True, deletes=1),
    Row("stall", f.Stall(), code="connection_failed", files=True, deletes=6),
    Row("429-once", f.Status(429), "archived", files=True, deletes=2, times=1),
    Row("500", f.Status(500), code="server_failed", files=True, deletes=6),
    Row("502-once", f.Status(502), "archived", files=True, deletes=2, times=1),
    Row("503-once", f.Status(503), "archived", files=True, deletes=2, times=1),
    Row("401", f.Status(401), code="authentication_failed", files=True, deletes=1),
    Row("403", f.Status(403), code="permission_denied", files=True, deletes=1),
    Row("404", f.Status(404), "archived", files=True, deletes=1),
    Row("html", f.Html(), code="answer_invalid", files=True),
    Row("redirect", f.Redirect(), code="answer_invalid", files=True, deletes=1),
]
FILES = [
    Row("reset", f.Reset()),
    Row("reset-once", f.Reset(), "archived", files=True, deletes=1, times=1),
    Row("cut-once", f.Cut(SIZE // 2), "archived", files=True, deletes=1, times=1),
    Row("cut-each-time", f.Cut(SIZE // 5), "archived", files=True, deletes=1),
    Row("cut-reset", f.Cut(SIZE // 2, reset=True), "archived", files=True, deletes=1, times=1),
    Row("stall", f.Stall(bytes=0)),
    Row("stall-once", f.Stall(bytes=SIZE // 2), "archived", files=True, deletes=1, times=1),
    Row("ignores-range", f.IgnoreRange(), "archived", files=True, deletes=1),
    Row("longer", f.Longer()),
    Row("longer-once", f.Longer(), "archived", files=True, deletes=1, times=1),
    Row("shorter", f.Shorter(), "archived", files=True, deletes=1, times=1),
    Row("no-length", f.NoLength(), "archived", files=True, deletes=1),
    Row("no-length-cut-once", f.NoLength(SIZE // 2), "archived", files=True, deletes=1, times=1),
    Row("chunked", f.Chunked(), "archived", files=True, deletes=1),
    Row("chunked-cut-once", f.Chunked(SIZE // 2), "archived", files=True, deletes=1, times=1),
    Row("chunked-cut-each-time", f.Chunked(0)),
    Row("empty", f.Empty()),
    Row("empty-once", f.Empty(), "archived", files=True, deletes=1, times=1),
    Row("html", f.Html()),
    Row("html-once", f.Html(), "archived", files=True, deletes=1, times=1),
    Row("expired", f.Expired(), code="link_expired"),
    Row("expired-410-once", f.Expired(410), "archived", files=True, deletes=1, times=1),
    Row("401-once", f.Status(401), "archived", files=True, deletes=1, times=1),
    Row("500", f.Status(500)),
    Row("503-once", f.Status(503), "archived", files=True, deletes=1, times=1),
    Row("429-once", f.Status(429), "archived", files=True, deletes=1, times=1),
    Row("404", f.Status(404)),
    Row("redirect-elsewhere", f.Redirect(), "archived", files=True, deletes=1, times=1),
    Row("redirect-loop", f.Redirect("loop")),
]
ROWS = (
    [pytest.param(row, id=f"GET-{row.name}") for row in GET]
    + [pytest.param(replace(row, method="DELETE"), id=f"DELETE-{row.name}") for row in DELETE]
    + [pytest.param(replace(row, host="files"), id=f"file-{row.name}") for row in FILES]
)


@pytest.mark.parametrize("row", ROWS)
def test_a_fault_loses_nothing_and_the_next_run_finishes(reconcile_fixture, row):
    fixture = reconcile_fixture(complete("one", size=SIZE))
    fixture.settings = IMPATIENT
    fixture.sandbox.faults = Faults(Rule(row.fault, host=row.host, method=row.method, times=row.times))
    report = fixture.apply({"one": "archived"})
    result = result_of(report, "one")
    assert result.outcome.value == row.outcome, result
    assert report.exit_code == (0 if row.outcome == "archived" else 1)
    if row.code is not None:
        assert result.error.code == row.code, result
    assert fixture.files() == (WHOLE if row.files else {})
    assert fixture.leftovers() == []
    fixture.check_receipts_are_true()
    deletes = fixture.sent("DELETE")
    assert len(deletes) <= max(row.deletes, 6 if row.method == "DELETE" else 0)
    if row.method != "DELETE":
        assert len(deletes) == row.deletes
    if row.gets is not None:
        assert len(fixture.sent("GET")) == row.gets
    assert not [entry for entry in fixture.sandbox.requests.of(host="files") if entry.has_key]
    fixture.no_faults()
    again = outcomes(fixture.apply({"one": "archived"}))["one"]
    assert again in ("archived", "unchanged")
    assert fixture.files() == WHOLE
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "unchanged"}


def test_a_server_that_is_down_changes_nothing(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.settings = IMPATIENT
    fixture.sandbox.stop()
    report = fixture.apply({"one": "archived"})
    assert (outcomes(report), report.exit_code) == ({"one": "failed"}, 1)
    assert result_of(report, "one").error.code == "connection_failed"
    fixture.sandbox.start()
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}


def test_a_server_that_goes_down_during_a_run_leaves_work_for_the_next_run(reconcile_fixture):
    fixture = reconcile_fixture(*(complete(f"p{n}", size=SIZE) for n in range(12)))
    hurried = replace(IMPATIENT.http, attempts=2, connect_timeout=0.2)
    fixture.settings = replace(IMPATIENT, http=hurried, run=replace(QUICK.run, transfers=2))
    states = {f"p{n}": "archived" for n in range(12)}
    seen = []

    def unplug(event):
        if isinstance(event, ProjectFinished):
            seen.append(event.result)
            fixture.sandbox.stop()

    fixture.sandbox.faults = Faults(Rule(f.Status(500), host="files", id="p5"))
    first = fixture.apply(states, observer=unplug)
    assert seen, "something ended while the server was up"
    assert "failed" in outcomes(first).values()
    fixture.check_receipts_are_true()
    fixture.sandbox.start()
    fixture.no_faults()
    assert set(outcomes(fixture.apply(states)).values()) <= {"archived", "unchanged"}
    assert set(outcomes(fixture.apply(states)).values()) == {"unchanged"}


def test_a_401_while_observing_is_one_error(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.fault(f.Status(401), method="GET")
    with pytest.raises(AuthenticationFailed):
        fixture.apply({"one": "archived"})


def test_the_last_get_before_a_delete_decides(reconcile_fixture):
    fixture = reconcile_fixture(complete("one"))
    fixture.sandbox.faults = Faults(Rule(f.Status(500), host="api", method="GET", skip=1))
    fixture.settings = IMPATIENT
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "failed"}
    assert fixture.sent("DELETE") == []
    assert set(fixture.files()) == {"one/output.wav"}


def test_a_truncated_download_is_resumed(reconcile_fixture):
    fixture = reconcile_fixture(complete("one", size=SIZE))
    fixture.fault(f.Cut(SIZE // 2), host="files", times=1)
    fixture.apply({"one": "downloaded"})
    first, second = fixture.sandbox.requests.of(host="files")
    assert (first.range, second.range) == (None, f"bytes={SIZE // 2}-")


def test_a_body_without_a_length_is_proved_by_a_second_download(reconcile_fixture):
    fixture = reconcile_fixture(complete("one", size=SIZE))
    fixture.fault(f.NoLength(), host="files")
    fixture.apply({"one": "archived"})
    assert fixture.receipt("one")["outputs"][0]["proof"] == "twice"
    assert [e.range for e in fixture.sandbox.requests.of(host="files")] == [None, None, f"bytes={SIZE}-"]


def test_an_unconfirmed_copy_never_leads_to_a_delete(reconcile_fixture, monkeypatch):
    """No length, no ranges, no header with a length: the copy and the original are kept."""
    monkeypatch.setattr("mhsync.api.download.recognise", lambda head: Audio("wav"))
    fixture = reconcile_fixture(complete("one", size=SIZE))
    fixture.settings = IMPATIENT
    fixture.sandbox.faults = Faults(
        Rule(f.NoLength(SIZE // 2), host="files", times=2), Rule(f.Status(404), host="files")
    )
    report = fixture.apply({"one": "archived"})
    assert outcomes(report) == {"one": "failed"}
    assert result_of(report, "one").error.code == "copy_not_proved"
    assert fixture.receipt("one")["outputs"][0]["proof"] == "unconfirmed"
    assert fixture.sent("DELETE") == []


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "audio/wav"])
def test_a_message_that_calls_itself_audio_is_not_stored(reconcile_fixture, kind):
    fixture = reconcile_fixture(complete("one", size=SIZE))
    fixture.settings = IMPATIENT
    page = "<!DOCTYPE html><html><body>We are down for maintenance.</body></html>"
    fixture.fault(f.Status(200, body=page, headers={"Content-Type": kind}), host="files")
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "failed"}
    assert (fixture.sent("DELETE"), fixture.files()) == ([], {})


@pytest.mark.parametrize("each", [True, False], ids=["at-one-place", "elsewhere-each-time"])
def test_a_body_without_a_length_that_is_always_truncated_keeps_the_original(reconcile_fixture, each):
    fixture = reconcile_fixture(complete("one", size=SIZE))
    # Not IMPATIENT: on a busy machine its timeout ends a transfer by itself, and the resumed file can be whole.
    cuts = [SIZE // 2] if each else [SIZE // 2, SIZE // 3]
    fixture.sandbox.faults = Faults(
        *(Rule(f.NoLength(cut), host="files", every=len(cuts), skip=n) for n, cut in enumerate(cuts))
    )
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "failed"}
    assert fixture.sent("DELETE") == []
    assert fixture.files() == {}


def test_a_fault_of_the_details_does_not_change_files(reconcile_fixture):
    fixture = reconcile_fixture(complete("one", size=SIZE))
    fixture.fault(f.MissingField("name"))
    assert outcomes(fixture.apply({"one": "downloaded"})) == {"one": "downloaded"}
    assert fixture.files() == WHOLE
