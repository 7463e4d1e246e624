"""End to end: `mhsync apply` against a sandbox, with the installed plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mhsync.testing import Account, FaultContext, Faults, HttpResponse, Rule, Sandbox, SandboxProject, outputs_of

ID = "clx0000000000000000000001"
MakeWav = Callable[..., bytes]


@dataclass(frozen=True)
class OtherBody:
    """The file host serves these bytes, complete and as audio, for every output."""

    body: bytes

    def apply(self, context: FaultContext) -> HttpResponse:
        return replace(context.real_response(), body=(self.body,), length=len(self.body))


def apply(sandbox: Sandbox, folder: Path, state: str = "downloaded") -> tuple[int, dict[str, Any]]:
    manifest = folder / "audio.yaml"
    manifest.write_text(f"version: 1\npolicy: {{deletes: allow}}\nprojects:\n  - {{id: {ID}, state: {state}}}\n")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "MAGIC_HOUR_API_KEY": sandbox.key,
        "MHSYNC_API_URL": sandbox.api_url,
        "MHSYNC_PLUGINS": "mhsync-audio",
    }
    command = [sys.executable, "-m", "mhsync", "apply", str(manifest), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def account() -> Account:
    return Account([SandboxProject(ID, outputs=outputs_of(ID, seconds=0.5))])


def test_the_receipt_contains_the_duration(tmp_path: Path) -> None:
    with Sandbox(account()) as sandbox:
        code, report = apply(sandbox, tmp_path)
    assert (code, report["results"][0]["outcome"]) == (0, "downloaded")
    [receipt] = (tmp_path / "outputs/.mhsync/receipts").glob("*.json")
    [output] = json.loads(receipt.read_text())["outputs"]
    assert output["facts"] == {"format": "wav", "channels": 1, "sample_rate": 16_000, "duration_seconds": 0.5}


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (lambda wav: wav[:-400], "output_rejected", "mhsync-audio rejected"),
        (lambda wav: wav[:-400], "output_rejected", "shorter than its WAV header says"),
        (lambda _: bytes(range(256)) * 20, "output_rejected", "mhsync-audio rejected"),
        # mhsync itself refuses text before it calls a plugin.
        (lambda _: b"<body><title>Sorry</title></body>", "download", "instead of audio"),
    ],
    ids=["truncated", "truncated-reason", "noise", "page"],
)
def test_a_file_that_is_not_complete_audio_never_becomes_visible(
    tmp_path: Path, make_wav: MakeWav, spoil: Callable[[bytes], bytes], code: str, words: str
) -> None:
    damaged = OtherBody(spoil(make_wav(bytes(16_000))))
    with Sandbox(account(), faults=Faults(Rule(damaged, host="files"))) as sandbox:
        status, report = apply(sandbox, tmp_path)
        assert status == 1
        [result] = report["results"]
        assert result["outcome"] == "failed"
        assert result["error"]["code"] == code
        assert words in result["error"]["message"]
        files = [path for path in (tmp_path / "outputs").rglob("*") if path.is_file()]
        assert [path.name for path in files if ".mhsync" not in path.parts] == []
        assert not list((tmp_path / "outputs").glob(".mhsync/receipts/*.json"))

        sandbox.faults = Faults()
        assert apply(sandbox, tmp_path)[0] == 0, "the next apply downloads the file again"
    assert (tmp_path / "outputs" / ID / "output.wav").is_file()


def test_a_project_with_a_damaged_copy_is_never_deleted_from_the_account(
    tmp_path: Path, make_wav: MakeWav
) -> None:
    damaged = OtherBody(make_wav(bytes(16_000))[:-400])
    with Sandbox(account(), faults=Faults(Rule(damaged, host="files"))) as sandbox:
        assert apply(sandbox, tmp_path, "archived")[0] == 1
        assert sandbox.requests.of(method="DELETE") == ()
        sandbox.faults = Faults()
        assert apply(sandbox, tmp_path, "archived")[0] == 0
        assert len(sandbox.requests.of(method="DELETE", id=ID)) == 1
