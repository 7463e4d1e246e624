"""End to end: which messages `mhsync apply` sends. A service cannot make it fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mhsync.testing import Account, Sandbox, SandboxProject, outputs_of

KEPT, DELETED = "clx_kept_1", "clx_deleted_2"
TOKEN = "aaaabbbbccccddddeeeeffff12"
OpenInbox = Callable[..., Any]
Apply = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    projects = [SandboxProject(id, outputs=outputs_of(id, seconds=0.1)) for id in (KEPT, DELETED)]
    with Sandbox(Account(projects)) as running:
        yield running


@pytest.fixture
def apply(sandbox: Sandbox, tmp_path: Path) -> Apply:
    def run(url: str, on: str = "", command: str = "apply", **environ: str) -> subprocess.CompletedProcess[str]:
        manifest = tmp_path / "audio.yaml"
        manifest.write_text(
            "version: 1\npolicy: {deletes: allow}\n"
            f'notify:\n  - {{url: "{url}"{on}}}\n'
            f"projects:\n  - id: {KEPT}\n  - {{id: {DELETED}, state: deleted}}\n"
        )
        given = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "MAGIC_HOUR_API_KEY": sandbox.key,
            "MHSYNC_API_URL": sandbox.api_url,
            "MHSYNC_PLUGINS": "mhsync-apprise",
        }
        done = subprocess.run(
            [sys.executable, "-m", "mhsync", command, str(manifest), "-vv"],
            capture_output=True, text=True, env=given | environ, timeout=180, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert "s3cr3tt0ken" not in done.stdout + done.stderr
        assert TOKEN not in done.stdout + done.stderr
        return done

    return run


def test_a_run_sends_one_message_and_a_run_without_changes_sends_none(open_inbox: OpenInbox, apply: Apply) -> None:
    inbox = open_inbox()
    github = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "me/audio", "GITHUB_RUN_ID": "77"}
    url = f"json://{inbox.address}/hook/s3cr3tt0ken"
    for _ in range(2):
        done = apply("${TARGET}", TARGET=url, **github)
        assert done.returncode == 0, done.stderr
    [message] = (json.loads(body) for body in inbox.bodies)
    assert message["title"] == "mhsync: 1 deleted, 1 downloaded"
    assert message["type"] == "success"
    assert message["message"].splitlines() == [
        "Deleted:",
        f"- {DELETED}",
        "",
        "The whole run: 2 projects, 1 deleted, 1 downloaded",
        "See https://github.com/me/audio/actions/runs/77",
    ]


def test_no_message_is_sent_for_outcomes_that_the_manifest_does_not_select(
    open_inbox: OpenInbox, apply: Apply
) -> None:
    inbox = open_inbox()
    assert apply(f"json://{inbox.address}/s3cr3tt0ken", ", on: [failed, blocked]").returncode == 0
    assert inbox.bodies == []


@pytest.mark.parametrize("status", [500, 403])
def test_a_failing_service_does_not_make_apply_fail(
    open_inbox: OpenInbox, apply: Apply, tmp_path: Path, status: int
) -> None:
    inbox = open_inbox(status=status)
    done = apply(f"mmost://{inbox.address}/{TOKEN}?wait=0.2")
    assert done.returncode == 0
    assert f"Mattermost answered {status}" in done.stderr
    assert (tmp_path / "outputs" / KEPT / "output.wav").is_file()
    assert len(inbox.bodies) == 3, "one attempt and two retries"


def test_a_url_that_cannot_be_parsed_is_a_warning(apply: Apply, tmp_path: Path) -> None:
    done = apply("nosuchservice://s3cr3tt0ken/s3cr3tt0ken")
    assert done.returncode == 0
    assert "cannot parse this URL" in done.stderr
    assert (tmp_path / "outputs" / KEPT / "output.wav").is_file()


def test_mail_is_sent(mailbox: Any, apply: Apply) -> None:
    url = f"mailto://127.0.0.1:{mailbox.port}?from=a@example.com&to=b@example.com&mode=insecure"
    assert apply("${TARGET}", TARGET=url).returncode == 0
    assert [mail["Subject"] for mail in mailbox.mails] == ["mhsync: 1 deleted, 1 downloaded"]


def test_plan_sends_nothing(open_inbox: OpenInbox, apply: Apply) -> None:
    inbox = open_inbox()
    assert apply(f"json://{inbox.address}/s3cr3tt0ken", command="plan").returncode == 0
    assert inbox.bodies == []
