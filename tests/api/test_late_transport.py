"""The transport is made by the first request, once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from mhsync.api import transport as transport_module
from mhsync.api.address import Address
from mhsync.api.late_transport import LateTransport
from mhsync.api.proxy import Network
from mhsync.settings import HttpSettings
from tests.api.client_fixture import TIME


def test_a_client_that_sends_nothing_imports_no_urllib3():
    code = (
        "import sys, mhsync; mhsync.Client('key').close(); print('urllib3' in sys.modules, 'ssl' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_threads_that_send_at_the_same_time_share_one_transport(monkeypatch: pytest.MonkeyPatch):
    made = []
    sent = []

    class Recorded:
        def __init__(self, *arguments: object) -> None:
            made.append(arguments)

        def send(self, *arguments: object, **limits: float) -> None:
            sent.append((self, arguments, limits))

        def close(self) -> None:
            sent.append((self, "closed"))

    monkeypatch.setattr(transport_module, "Transport", Recorded)
    late = LateTransport(HttpSettings(), Network(), TIME)
    late.close()
    assert (made, sent) == ([], [])
    address = Address.parse("http://127.0.0.1:1/a")
    send = [
        threading.Thread(target=late.send, args=("GET", address, {}), kwargs={"read_timeout": 1.0})
        for _ in range(8)
    ]
    for thread in send:
        thread.start()
    for thread in send:
        thread.join()
    assert len(made) == 1
    assert [call[1:] for call in sent] == [(("GET", address, {}), {"read_timeout": 1.0, "body_timeout": None})] * 8
    late.close()
    assert sent[-1][1:] == ("closed",)
