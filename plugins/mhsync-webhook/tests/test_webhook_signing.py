"""Signatures follow Standard Webhooks."""

from __future__ import annotations

import base64

import pytest
from mhsync_webhook.signing import Signer


def test_the_example_of_the_specification_gives_the_same_signature() -> None:
    """The example of the specification's libraries: secret, id, timestamp, body and signature."""
    signer = Signer.read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signer.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_that_is_not_base64_is_used_as_it_is() -> None:
    encoded = Signer.read("whsec_" + base64.b64encode(b"a plain secret".replace(b" ", b"-")).decode())
    assert Signer.read("a-plain-secret") == encoded


@pytest.mark.parametrize(
    "text",
    [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "C2FVsBQIhrscChlQIMV+b5sSYspob7oD5+/u0Gch6Yk=", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD5+/u0Gch6Yk",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD5+/u0Gch6Yk",
    ],
)  # fmt: skip
def test_base64_is_decoded_as_the_reference_library_does(text: str) -> None:
    """That library removes the prefix if there is one, adds missing padding, and decodes."""
    assert Signer.read(text).keys == (base64.b64decode(text.removeprefix("whsec_") + "=="),)


@pytest.mark.parametrize("text", ["a-secret", "ünïcode-secret", "abcde", "abc=d", "abcd=", "a" * 31 + "=="])
def test_text_that_is_not_base64_is_the_key_itself(text: str) -> None:
    assert Signer.read(text).keys == (text.encode(),)


def test_two_secrets_give_two_signatures() -> None:
    both = Signer.read("old-secret new-secret").headers("id", 1, b"{}")["webhook-signature"].split(" ")
    apart = [Signer.read(one).headers("id", 1, b"{}")["webhook-signature"] for one in ("old-secret", "new-secret")]
    assert both == apart


@pytest.mark.parametrize("text", ["", "  ", "whsec_", "whsec_!!!notbase64", "whsec_abc"])
def test_an_invalid_secret_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"no secret|not base64") as caught:
        Signer.read(text)
    assert "notbase64" not in str(caught.value)


def test_a_signer_does_not_show_its_keys() -> None:
    assert "plain" not in repr(Signer.read("plain-secret"))
