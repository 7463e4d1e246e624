"""Responses of the API: errors with safe text and a fitting hint, and projects."""

from __future__ import annotations

import pytest

from mhsync.api.client import Client
from mhsync.core.project import Status
from mhsync.errors import (
    AuthenticationFailed,
    RequestInvalid,
    ResponseInvalid,
)
from mhsync.sandbox import faults as f
from tests.api.client_fixture import KEY, QUICK, ApiFixture


def test_a_response_with_too_many_outputs_is_invalid(api: ApiFixture):
    most = QUICK.http.outputs_max
    links = [{"url": f"https://files.example/{n}/output.wav"} for n in range(most + 1)]
    api.fault(f.WrongType("downloads", links))
    with pytest.raises(ResponseInvalid, match=f"{most + 1} outputs: at most {most}"):
        api.client.get("one")
    api.fault(f.WrongType("downloads", links[:most]))
    assert len(api.client.get("one").downloads) == most


def test_an_unknown_status_and_missing_optional_fields_are_accepted(api: ApiFixture):
    api.fault(f.UnknownStatus("paused"))
    project = api.client.get("one")
    assert (project.status, project.status_text) == (Status.UNKNOWN, "paused")

    api.fault(f.MissingField("downloads"))
    assert api.client.get("one").downloads == ()


def test_the_hint_of_a_401_names_the_source_of_the_key(api: ApiFixture, client):
    wrong = Client("mhk_wrong", base_url=api.sandbox.api_url, key_from="MAGIC_HOUR_API_KEY")

    with wrong, pytest.raises(AuthenticationFailed) as caught:
        wrong.get("one")

    assert caught.value.hint == "check the API key (from MAGIC_HOUR_API_KEY)"


def test_messages_of_the_api_are_bounded_escaped_and_masked(api: ApiFixture):
    nasty = f"\x1b[2Jred\u202e {KEY} https://x.example/a?sig=5ecre7\nnext " + "y" * 5000
    api.fault(f.Status(400, nasty))

    with pytest.raises(RequestInvalid) as caught:
        api.client.get("one")

    text = caught.value.message
    assert text.isprintable()
    assert len(text) < 400
    assert "\\x1b[2Jred\\u202e *** https://x.example/a next yyy" in text
