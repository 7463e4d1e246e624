"""An original is deleted only for audio: bodies that claim to be audio, and real files of every format."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mhsync.core.manifest import Deletes, Policy
from mhsync.sandbox.wire import HttpResponse
from mhsync.storage.receipts import receipt_path
from tests.reconcile.fixture import ALLOW, QUICK, complete, outcomes, result_of

AUDIO = sorted((Path(__file__).parents[1] / "core" / "audio").iterdir())
IMPATIENT = replace(QUICK, download=replace(QUICK.download, attempts=2))
ANYTHING = Policy(deletes=Deletes.ALLOW, durable_storage=True, audio_only=False)
WAV = next(file for file in AUDIO if file.name == "pcm.wav").read_bytes()
TEXTS = {
    "plain": ("text/plain", b"Access denied"),
    "plain-as-audio": ("audio/wav", b"Access denied"),
    "plain-as-bytes": ("application/octet-stream", b"Access denied"),
    "xml-as-audio": ("audio/wav", b"<Error>AccessDenied</Error>"),
    "json-with-space": ("audio/wav", b'{ "error": "x"}'),
    "json-list": ("audio/wav", b"[1]"),
    "html": ("text/html", b"<html>"),
    "audio-as-text": ("text/plain", WAV),
    "audio-as-json": ("application/problem+json", WAV),
    "audio-as-xml": ("application/xml", WAV),
    "utf-8-bom": ("audio/wav", b"\xef\xbb\xbfAccess denied"),
    "utf-16": ("audio/wav", "Access denied".encode("utf-16")),
    "utf-16-without-bom": ("audio/wav", "Access denied".encode("utf-16-le")),
    "latin-1": ("audio/wav", "accès refusé".encode("latin-1")),
    "four-letters": ("audio/wav", b"RIFF"),
}
BINARIES = {
    "zeros": bytes(2000),
    "a-riff-head": b"RIFF\x24\0\0\0WAVE",
    "an-avi": b"RIFF\x24\0\0\0AVI LIST" + bytes(24),
    "an-image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(50),
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0" + bytes(range(256)),
    "text-with-a-zero": b"Access denied\0",
}
CUT = {file.name: file.read_bytes()[:-20] for file in AUDIO if file.name in ("pcm.wav", "pcm.aiff", "counted.mp3")}


@dataclass(frozen=True)
class Sends:
    """A 200 with this body, of the length that it announces."""

    body: bytes
    kind: str = "audio/wav"

    def apply(self, _occasion: object) -> HttpResponse:
        return HttpResponse.of_bytes(200, self.kind, self.body)


def archive(fixture, body: bytes, kind: str = "audio/wav", policy: Policy = ALLOW):
    fixture.settings = IMPATIENT
    fixture.fault(Sends(body, kind), host="files")
    return fixture.apply(fixture.manifest({"one": "archived"}, policy=policy))


@pytest.mark.parametrize(("kind", "body"), TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("policy", [ALLOW, ANYTHING], ids=["audio-only", "anything"])
def test_a_text_is_refused_and_the_original_is_kept(reconcile_fixture, kind, body, policy):
    fixture = reconcile_fixture(complete("one"))
    report = archive(fixture, body, kind, policy)
    assert outcomes(report) == {"one": "failed"}
    assert "the host sent text" in result_of(report, "one").error.message
    assert (fixture.sent("DELETE"), fixture.files(), fixture.leftovers()) == ([], {}, [])
    assert len(fixture.sandbox.requests.of(host="files")) == 2, "it was tried again"
    fixture.no_faults()
    assert outcomes(fixture.apply({"one": "archived"})) == {"one": "archived"}


@pytest.mark.parametrize("body", BINARIES.values(), ids=BINARIES)
def test_an_unrecognised_file_is_stored_and_its_original_is_kept(reconcile_fixture, body):
    fixture = reconcile_fixture(complete("one"))
    report = archive(fixture, body)
    error = result_of(report, "one").error
    assert (outcomes(report), error.code) == ({"one": "failed"}, "copy_not_proved")
    assert "not recognised as audio" in error.message
    assert "audio_only: false" in error.text
    assert (fixture.sent("DELETE"), fixture.files()) == ([], {"one/output.wav": len(body)})
    assert fixture.receipt("one")["outputs"][0]["audio_format"] == "unrecognised"
    fixture.check_receipts_are_true()


@pytest.mark.parametrize("body", CUT.values(), ids=CUT)
def test_a_file_shorter_than_its_header_states_is_stored_and_its_original_is_kept(reconcile_fixture, body):
    fixture = reconcile_fixture(complete("one"))
    report = archive(fixture, body)
    assert outcomes(report) == {"one": "failed"}
    assert "shorter than its own header says" in result_of(report, "one").error.message
    assert (fixture.sent("DELETE"), fixture.files()) == ([], {"one/output.wav": len(body)})


@pytest.mark.parametrize("body", [*BINARIES.values(), *CUT.values()], ids=[*BINARIES, *CUT])
def test_audio_only_false_accepts_any_file_that_is_not_text(reconcile_fixture, body):
    fixture = reconcile_fixture(complete("one"))
    assert outcomes(archive(fixture, body, policy=ANYTHING)) == {"one": "archived"}
    assert (fixture.sent("DELETE"), fixture.files()) == (["one"], {"one/output.wav": len(body)})


@pytest.mark.parametrize("file", AUDIO, ids=lambda file: file.name)
def test_real_audio_of_every_format_is_archived(reconcile_fixture, file):
    fixture = reconcile_fixture(complete("one"))
    report = archive(fixture, file.read_bytes())
    assert outcomes(report) == {"one": "archived"}, result_of(report, "one").error
    assert fixture.sent("DELETE") == ["one"]
    assert fixture.receipt("one")["outputs"][0]["audio_format"] != "unrecognised"


@pytest.mark.parametrize("said", [None, "wav"], ids=["older-receipt", "receipt-says-wav"])
@pytest.mark.parametrize("policy", [ALLOW, ANYTHING], ids=["audio-only", "anything"])
def test_the_bytes_decide_before_a_delete_and_not_what_a_receipt_says(reconcile_fixture, said, policy):
    """A text that an older mhsync stored: it is downloaded again, and only then does the original go."""
    fixture = reconcile_fixture(complete("one"))
    fixture.apply({"one": "downloaded"})
    text = b"Access denied"
    plant(fixture, text, said)
    report = fixture.apply(fixture.manifest({"one": "archived"}, policy=policy))
    assert result_of(report, "one").error.code == "copy_not_proved"
    assert fixture.sent("DELETE") == []
    again = fixture.apply({"one": "archived"})
    assert outcomes(again) == {"one": "archived"}
    assert fixture.files()["one/output.wav"] == 2000


@pytest.mark.parametrize("said", [None, "wav"], ids=["older-receipt", "receipt-says-wav"])
def test_unrecognised_bytes_keep_the_original_whatever_a_receipt_says(reconcile_fixture, said):
    fixture = reconcile_fixture(complete("one"))
    fixture.apply({"one": "downloaded"})
    plant(fixture, bytes(500), said)
    assert result_of(fixture.apply({"one": "archived"}), "one").error.code == "copy_not_proved"
    assert fixture.sent("DELETE") == []


def plant(fixture, data: bytes, audio_format: str | None) -> None:
    """Replace the stored file, and its receipt to match."""
    (fixture.folder / "one" / "output.wav").write_bytes(data)
    receipt = fixture.receipt("one")
    output = receipt["outputs"][0]
    output |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    output.pop("audio_format", None)
    if audio_format is not None:
        output["audio_format"] = audio_format
    (fixture.folder / receipt_path("one")).write_text(json.dumps(receipt))
