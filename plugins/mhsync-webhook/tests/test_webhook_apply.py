"""End to end: what `mhsync apply` posts. A receiver cannot make it fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mhsync.testing import Account, Sandbox, SandboxProject, outputs_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEPT, DELETED, FAILED = "clx_kept_1", "clx_deleted_2", "clx_failed_3"
MANIFEST = f"""
version: 1
policy: {{deletes: allow}}
notify:
  - {{url: "${{HOOK}}", on: ON, options: {{secret_env: MHSYNC_NOTIFY_SECRET}}}}
projects:
  - id: {KEPT}
  - {{id: {DELETED}, state: deleted}}
  - id: {FAILED}
"""
Receive = Callable[..., Any]


@pytest.fixture
def sandbox() -> Any:
    projects = [
        SandboxProject(KEPT, outputs=outputs_of(KEPT, seconds=0.1)),
        SandboxProject(DELETED, outputs=outputs_of(DELETED, seconds=0.1)),
        SandboxProject(FAILED, status="error"),
    ]
    with Sandbox(Account(projects)) as running:
        yield running


def run(
    command: str, sandbox: Sandbox, folder: Path, on: str = "[]", **environ: str
) -> subprocess.CompletedProcess[str]:
    manifest = folder / "audio.yaml"
    manifest.write_text(MANIFEST.replace(", on: ON" if on == "[]" else "ON", "" if on == "[]" else on))
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "MAGIC_HOUR_API_KEY": sandbox.key,
        "MHSYNC_API_URL": sandbox.api_url,
        "MHSYNC_PLUGINS": "mhsync-webhook",
    }
    done = subprocess.run(
        [sys.executable, "-m", "mhsync", command, str(manifest), "-vv"],
        capture_output=True, text=True, env=given | environ, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def test_all_events_of_a_run_are_posted_in_order(
    receive: Receive, sandbox: Sandbox, tmp_path: Path, event_schema: dict[str, Any]
) -> None:
    receiver = receive(secret=SECRET)
    done = run("apply", sandbox, tmp_path, HOOK=receiver.url, MHSYNC_NOTIFY_SECRET=SECRET)
    assert done.returncode == 1, "the render of one project failed"
    assert receiver.refused == []
    types = [(event["type"], event.get("subject")) for event in receiver.events]
    assert types[0] == ("mhsync.run.started", None)
    assert types[-1] == ("mhsync.run.finished", None)
    assert set(types[1:-1]) == {
        ("mhsync.project.downloaded", KEPT),
        ("mhsync.project.deleted", DELETED),
        ("mhsync.project.blocked", FAILED),
    }
    for event in receiver.events:
        jsonschema.validate(event, event_schema, cls=jsonschema.Draft202012Validator)
        assert event["source"] == sandbox.api_url
    assert receiver.events[-1]["data"]["summary"]["deleted"] == 1
    for secret in ("s3cr3tt0ken", "9f8e7d6c5b4a", SECRET, sandbox.key):
        assert secret not in done.stdout + done.stderr
    assert not any(b"signature=" in body for _, body in receiver.requests), "no query of a signed link"


def test_only_the_selected_outcomes_are_posted(receive: Receive, sandbox: Sandbox, tmp_path: Path) -> None:
    receiver = receive(secret=SECRET)
    run("apply", sandbox, tmp_path, on="[deleted]", HOOK=receiver.url, MHSYNC_NOTIFY_SECRET=SECRET)
    assert [event["type"] for event in receiver.events] == ["mhsync.project.deleted", "mhsync.run.finished"]


@pytest.mark.parametrize(
    "answer", [500, 404, (301, {"Location": "http://127.0.0.1:9/"})], ids=["500", "404", "301"]
)
def test_a_failing_receiver_does_not_make_apply_fail(
    receive: Receive, sandbox: Sandbox, tmp_path: Path, answer: Any
) -> None:
    receiver = receive(answers=[answer])
    done = run("apply", sandbox, tmp_path, on="[moved]", HOOK=receiver.url, MHSYNC_NOTIFY_SECRET=SECRET)
    assert done.returncode == 1, "because of the project that cannot be downloaded, as without a receiver"
    assert (tmp_path / "outputs" / KEPT / "output.wav").is_file()
    status = answer if isinstance(answer, int) else answer[0]
    assert f"{status}" in done.stderr
    assert "mhsync-webhook could not send run.finished" in done.stderr
    for secret in ("s3cr3tt0ken", "9f8e7d6c5b4a", SECRET):
        assert secret not in done.stdout + done.stderr


def test_nothing_is_posted_if_the_secret_is_not_set(receive: Receive, sandbox: Sandbox, tmp_path: Path) -> None:
    receiver = receive()
    done = run("apply", sandbox, tmp_path, HOOK=receiver.url)
    assert receiver.requests == []
    assert "MHSYNC_NOTIFY_SECRET" in done.stderr
    assert (tmp_path / "outputs" / KEPT / "output.wav").is_file()


def test_plan_posts_nothing(receive: Receive, sandbox: Sandbox, tmp_path: Path) -> None:
    receiver = receive()
    done = run("plan", sandbox, tmp_path, HOOK=receiver.url, MHSYNC_NOTIFY_SECRET=SECRET)
    assert done.returncode == 1, done.stderr
    assert receiver.requests == []
