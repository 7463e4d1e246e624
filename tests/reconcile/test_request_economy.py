"""What a run asks of the API: one GET for a project, and no more connections than threads."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace

import pytest

from mhsync.sandbox import faults
from mhsync.sandbox.listener import Connection
from mhsync.settings import RunSettings
from tests.reconcile.fixture import complete, outcomes

DOWNLOADED = [f"downloaded{number}" for number in range(20)]
ARCHIVED = [f"archived{number}" for number in range(5)]
DELETED = [f"deleted{number}" for number in range(5)]
STATES = {
    **dict.fromkeys(DOWNLOADED, "downloaded"),
    **dict.fromkeys(ARCHIVED, "archived"),
    **dict.fromkeys(DELETED, "deleted"),
}


def test_a_run_requests_each_project_once_and_again_only_before_a_delete_of_its_original(reconcile_fixture):
    fixture = reconcile_fixture(*map(complete, STATES))
    report = fixture.apply(STATES)

    assert set(outcomes(report).values()) == {"downloaded", "archived", "deleted"}
    assert Counter(fixture.sent("GET")) == Counter([*STATES, *ARCHIVED])
    assert sorted(fixture.sent("DELETE")) == sorted([*ARCHIVED, *DELETED])
    assert len(fixture.sandbox.requests.of(host="files")) == len(DOWNLOADED) + len(ARCHIVED)


@pytest.mark.parametrize(
    ("fault", "host"),
    [(faults.Expired(), "files"), (faults.Lost(), "api"), (faults.Cut(), "api"), (faults.Status(503), "api")],
    ids=["an expired link", "a lost response", "a response that was cut", "a refusal"],
)
def test_only_the_affected_project_is_requested_again(reconcile_fixture, fault, host):
    fixture = reconcile_fixture(*map(complete, DOWNLOADED))
    fixture.fault(fault, host=host, id="downloaded3", nth=1)
    fixture.apply(dict.fromkeys(DOWNLOADED, "downloaded"))
    assert Counter(fixture.sent("GET")) == Counter([*DOWNLOADED, "downloaded3"])


@pytest.mark.parametrize(("checkers", "transfers"), [(5, 3), (2, 6), (1, 1)])
def test_a_run_opens_at_most_one_connection_for_each_thread(
    reconcile_fixture, monkeypatch, checkers: int, transfers: int
):
    fixture = reconcile_fixture(*(complete(id_, outputs=2) for id_ in STATES))
    fixture.sandbox._latency = 0.02  # All threads are needed.
    fixture.settings = replace(fixture.settings, run=RunSettings(checkers=checkers, transfers=transfers))
    lock, accepted = threading.Lock(), Counter()
    setup = Connection.setup

    def counted(connection: Connection) -> None:
        with lock:
            accepted[connection.server.name] += 1
        setup(connection)

    monkeypatch.setattr(Connection, "setup", counted)
    fixture.apply(STATES)

    assert accepted["files"] <= transfers
    assert accepted["api"] == checkers
