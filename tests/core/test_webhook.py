"""Webhooks: only what the secret signed within five minutes counts, and only the id of a project is required."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsync.core.sighting import Sighting
from mhsync.core.webhook import EventInvalid, is_authentic, read_event, sign, signed_time

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
SECRET, OTHER = "whsec_current", "whsec_previous"


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """As the vendor's reference describes it, without the code under test."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


class TestSignature:
    def test_it_is_the_hmac_of_time_stamp_and_raw_body(self):
        body = '{"type": "audio.started", "ü": 1}\n'.encode()
        assert sign(SECRET, "1729314984", body) == signature_of(SECRET, "1729314984", body)
        assert is_authentic(signature_of(SECRET, "1729314984", body), "1729314984", body, [SECRET])

    @pytest.mark.parametrize("secret", [SECRET, OTHER])
    def test_each_of_two_secrets_is_accepted(self, secret):
        assert is_authentic(signature_of(secret, "1", b"{}"), "1", b"{}", [SECRET, OTHER])
        assert not is_authentic(signature_of("third", "1", b"{}"), "1", b"{}", [SECRET, OTHER])

    @given(st.binary(max_size=40), st.binary(max_size=40), st.text("0123456789", max_size=4))
    def test_another_body_or_time_has_another_signature(self, body, other, timestamp):
        given_signature = signature_of(SECRET, timestamp, body)
        assert is_authentic(given_signature, timestamp, body, [SECRET])
        assert is_authentic(given_signature, timestamp, other, [SECRET]) == (body == other)
        assert not is_authentic(given_signature, timestamp + "1", body, [SECRET])

    @pytest.mark.parametrize(
        "change", [str.upper, lambda s: s[:-1], lambda s: s + "0", lambda _: "", lambda _: "ü" * 64]
    )
    def test_only_the_exact_text_is_accepted(self, change):
        signature = signature_of(SECRET, "1", b"{}")
        assert not is_authentic(change(signature), "1", b"{}", [SECRET])

    def test_all_secrets_are_compared_in_constant_time(self, monkeypatch):
        compared = []
        monkeypatch.setattr(
            "mhsync.core.webhook.hmac.compare_digest", lambda one, two: compared.append((one, two)) or one == two
        )
        assert is_authentic(signature_of(SECRET, "1", b"{}"), "1", b"{}", [SECRET, OTHER])
        assert len(compared) == 2


class TestTime:
    @pytest.mark.parametrize("seconds", [-300, -1, 0, 299, 300])
    def test_five_minutes_are_accepted_in_both_directions(self, seconds):
        at = NOW + timedelta(seconds=seconds)
        assert signed_time(str(int(at.timestamp())), NOW, tolerance=300) == at

    @pytest.mark.parametrize("seconds", [-301, 301, 86_400])
    def test_more_is_not(self, seconds):
        at = NOW + timedelta(seconds=seconds)
        assert signed_time(str(int(at.timestamp())), NOW, tolerance=300) is None

    @pytest.mark.parametrize(
        "text", ["", "now", "-1", "+1", " 1", "1 ", "1.0", "1e9", "١", "9" * 12, "9" * 5000, "1\n"]
    )
    def test_what_is_not_a_time_is_refused(self, text):
        assert signed_time(text, NOW, tolerance=1e12) is None


class TestEvent:
    def test_the_payload_becomes_a_sighting(self):
        payload = {
            "id": "clx1",
            "name": "Intro",
            "status": "complete",
            "type": "VOICE_GENERATOR",
            "downloads": [{"url": "x"}],
        }
        body = json.dumps({"type": "audio.completed", "payload": payload}).encode()
        assert read_event(body, NOW) == Sighting.of_event("audio.completed", payload, NOW)

    def test_the_key_of_the_vendors_introduction_is_read_too(self):
        found = read_event(b'{"type": "audio.started", "object": {"id": "clx1"}}', NOW)
        assert found is not None
        assert found.id == "clx1"

    @pytest.mark.parametrize("kind", ["video.completed", "image.errored", "audio", "x"])
    def test_events_of_other_kinds_are_ignored(self, kind):
        assert read_event(json.dumps({"type": kind, "payload": {"id": "clx1"}}).encode(), NOW) is None

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"{", b"[]", b"null", b"5", b"\xff", b"{}", b'{"type": 5}', b'{"type": "audio.started"}',
            b'{"type": "audio.started", "payload": []}', b'{"type": "audio.started", "payload": {}}',
            b'{"type": "audio.started", "payload": {"id": "../up"}}', b"[" * 100_000,
        ],
    )  # fmt: skip
    def test_what_names_no_project_is_invalid(self, body):
        with pytest.raises(EventInvalid):
            read_event(body, NOW)

    @given(st.binary(max_size=200))
    def test_any_bytes_are_an_event_or_invalid(self, body):
        try:
            read_event(body, NOW)
        except EventInvalid as error:
            assert len(str(error)) < 200
