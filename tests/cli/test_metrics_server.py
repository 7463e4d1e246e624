"""`/healthz`, `/readyz` and `/metrics`, by real requests."""

from __future__ import annotations

import http.client
import json
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mhsync.cli.metrics_server import metrics_server
from mhsync.errors import UsageError
from mhsync.reconcile.watch import RunEnded, WatchResult, WatchRun
from mhsync.reconcile.watch_metrics import WatchMetrics
from mhsync.reconcile.watch_schedule import Trigger

LOCAL = ("127.0.0.1", 0)


class Served:
    """A server, and the state that it shows."""

    def __init__(self) -> None:
        self.numbers = WatchMetrics()
        self.is_alive = True
        self.address = LOCAL

    def get(self, path: str, method: str = "GET") -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.headers["Content-Type"] or "", response.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    one = Served()
    with metrics_server(LOCAL, one.numbers, lambda: one.is_alive) as one.address:
        yield one


def test_metrics_are_in_the_format_of_prometheus(served):
    run = WatchRun(Trigger.START, datetime(2026, 11, 1, tzinfo=UTC), WatchResult.SUCCEEDED, 2.0)
    served.numbers.listen(RunEnded(run, 900.0, 0))
    status, kind, body = served.get("/metrics?x=1")
    assert status == 200
    assert kind.startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert {"mhsync_projects", "mhsync_actions", "mhsync_failures", "mhsync_downloaded_bytes"} <= families.keys()
    assert {"mhsync_waits", "mhsync_seconds_since_last_success", "mhsync_verdicts"} <= families.keys()
    (sample,) = families["mhsync_runs"].samples
    assert (sample.labels, sample.value) == ({"result": "succeeded"}, 1.0)


def test_health_and_readiness():
    served = Served()
    with metrics_server(LOCAL, served.numbers, lambda: served.is_alive) as served.address:
        check_health_and_readiness(served)


def check_health_and_readiness(served: Served) -> None:
    assert served.get("/healthz")[::2] == (200, b'{"alive": true}\n')
    assert served.get("/readyz")[::2] == (503, b'{"ready": false}\n')
    served.is_alive = False
    status, _, body = served.get("/healthz")
    assert (status, json.loads(body)) == (503, {"alive": False})


def test_other_paths_and_methods(served):
    assert served.get("/")[0] == 404
    assert served.get("/metrics", "HEAD")[::2] == (200, b"")
    assert served.get("/metrics", "POST")[0] == 501


def test_a_client_that_ends_early_is_no_error(served, capfd):
    for sent in (b"", b"GET /met", b"\x16\x03\x01\x00\n\n", b"GET /metrics HTTP/1.1\r\n\r\n"):
        with socket.create_connection(served.address, timeout=30) as connection:
            connection.sendall(sent)
    assert served.get("/healthz")[0] == 200
    assert capfd.readouterr().err == ""


def test_an_address_that_is_taken_is_an_error_with_a_hint(served):
    with pytest.raises(UsageError, match="cannot listen on 127.0.0.1") as error, metrics_server(served.address, served.numbers, bool):  # fmt: skip
        pass
    assert error.value.hint


def test_without_prometheus_client_the_option_is_refused(served, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(UsageError, match="needs the package prometheus_client"), metrics_server(LOCAL, served.numbers, bool):  # fmt: skip
        pass
