"""The HTTP server of `mhsync watch --metrics`: `/healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from mhsync.errors import UsageError
from mhsync.reconcile.watch_metrics import MetricsSnapshot, WatchMetrics

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_TIMEOUT = 10.0
"""Seconds that one read of a request may take."""
_PREFIX = "mhsync_"
_TEXT = "text/plain; charset=utf-8"


class _Collector:
    """Gives prometheus_client the numbers when they are asked for."""

    def __init__(self, metrics: WatchMetrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        now = self._metrics.snapshot()

        def of(kind: Any, name: str, text: str, label: str, values: dict[str, int]) -> Any:
            family = kind(_PREFIX + name, text, labels=[label])
            for value, number in sorted(values.items()):
                family.add_metric([value], number)
            return family

        yield of(GaugeMetricFamily, "projects", "Projects by desired state.", "state", dict(now.projects))
        yield of(
            GaugeMetricFamily, "verdicts", "Projects by verdict of the last plan.", "verdict", dict(now.verdicts)
        )
        yield of(CounterMetricFamily, "runs", "Runs by result.", "result", dict(now.runs_total))
        yield of(CounterMetricFamily, "triggers", "Runs by trigger.", "trigger", dict(now.triggers_total))
        actions = CounterMetricFamily(f"{_PREFIX}actions", "Actions by outcome.", labels=["action", "outcome"])
        for (action, outcome), number in sorted(now.actions_total.items()):
            actions.add_metric([action, outcome], number)
        yield actions
        for name, text, value in _counters(now):
            yield CounterMetricFamily(_PREFIX + name, text, value)
        for name, text, value in _gauges(now):
            yield GaugeMetricFamily(_PREFIX + name, text, value)


def _counters(now: MetricsSnapshot) -> Iterator[tuple[str, str, float]]:
    yield "failures", "Projects that failed, and runs that failed as a whole.", now.failures_total
    yield "downloaded_bytes", "Bytes of downloaded files.", now.bytes_total
    yield "waits", "Waits for a server that limits or refuses requests.", now.waits_total
    yield "wait_seconds", "Seconds of these waits.", now.wait_seconds_total
    yield "run_seconds", "Seconds of all runs.", now.run_seconds_total


def _gauges(now: MetricsSnapshot) -> Iterator[tuple[str, str, float]]:
    yield "run_active", "1 while a run is active.", float(now.is_running)
    yield "failures_in_a_row", "Failed runs in a row.", now.failures_in_a_row
    yield "seconds_since_last_success", "Seconds since the last successful run, or the start.", now.since_success
    if now.last_success is not None:
        yield "last_success_timestamp_seconds", "Time of the last successful run.", now.last_success


def require_prometheus() -> None:
    """Check that prometheus_client is installed.

    Raises:
        UsageError: it is not.
    """
    try:
        import prometheus_client  # noqa: F401
    except ImportError:
        raise UsageError(
            "--metrics needs the package prometheus_client",
            hint="install it where mhsync is installed: mhsync[watch]",
        ) from None


@contextmanager
def metrics_server(
    address: tuple[str, int], metrics: WatchMetrics, is_alive: Callable[[], bool]
) -> Iterator[tuple[str, int]]:
    """Serve the numbers within the block.

    Args:
        address: host and port; the port 0 takes a free one.
        metrics: the numbers.
        is_alive: for `/healthz`.

    Yields:
        The host and the port that it listens on.

    Raises:
        UsageError: prometheus_client is missing, or the address cannot be used.
    """
    require_prometheus()
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Collector(metrics))

    def respond(path: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest(registry)
        if path == "/healthz":
            return _check("alive", is_good=is_alive())
        if path == "/readyz":
            return _check("ready", is_good=metrics.snapshot().is_ready)
        return 404, _TEXT, b"not found\n"

    try:
        server = _Server(address, _handler(respond))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"cannot listen on {address[0]}:{address[1]}: {reason}", hint="choose another --metrics"
        ) from None
    thread = threading.Thread(target=server.serve_forever, name="mhsync-metrics", daemon=True)
    thread.start()
    try:
        yield str(server.server_address[0]), int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _check(name: str, *, is_good: bool) -> tuple[int, str, bytes]:
    return (200 if is_good else 503), "application/json", json.dumps({name: is_good}).encode() + b"\n"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that ends a connection early is no error of this process."""


def _handler(respond: Callable[[str], tuple[int, str, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _TIMEOUT
        server_version = "mhsync"
        sys_version = ""

        def do_GET(self) -> None:
            self._send(has_body=True)

        def do_HEAD(self) -> None:
            self._send(has_body=False)

        def _send(self, *, has_body: bool) -> None:
            status, kind, body = respond(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if has_body:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of http.server
            """Requests are not logged."""

    return Handler
