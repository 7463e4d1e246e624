"""A connection is opened in a thread: the caller stops waiting at the time limit, and the thread then closes it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from mhsync.api.background_connect import BackgroundConnect
from mhsync.api.timing import ExchangeLimits
from mhsync.errors import Interrupted
from mhsync.settings import HttpSettings
from tests.api.client_fixture import TIME


def limits(seconds: float, *, is_stopped: bool = False) -> ExchangeLimits:
    return ExchangeLimits(HttpSettings(), replace(TIME, stop=lambda: is_stopped), head_timeout=seconds)


def test_an_error_of_the_connection_is_raised_in_the_calling_thread():
    def connect() -> None:
        raise ConnectionRefusedError("refused")

    connecting = BackgroundConnect(connect, lambda: None)
    with pytest.raises(ConnectionRefusedError):
        connecting.run(limits(5))
    assert not connecting.is_abandoned


def test_a_connection_that_is_opened_in_time_stays_open():
    closed = []
    connecting = BackgroundConnect(lambda: None, lambda: closed.append(True))
    connecting.run(limits(5))
    assert not connecting.is_abandoned
    assert closed == []


@pytest.mark.parametrize(("is_stopped", "error"), [(False, TimeoutError), (True, Interrupted)])
def test_a_connection_that_is_not_waited_for_is_closed_once_it_is_open(is_stopped: bool, error: type[Exception]):
    may_connect, closed = threading.Event(), threading.Event()
    connecting = BackgroundConnect(lambda: may_connect.wait(30), closed.set)
    with pytest.raises(error):
        connecting.run(limits(0.01, is_stopped=is_stopped))
    assert connecting.is_abandoned
    assert not closed.is_set()
    may_connect.set()
    assert closed.wait(30)
