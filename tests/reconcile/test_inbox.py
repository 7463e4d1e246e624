"""The inbox of manifests: its secrets, and the storages that it records in."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import time
from pathlib import Path

import pytest

from mhsync.errors import ManifestError, UsageError
from mhsync.reconcile.inbox import inbox_application, webhook_secrets
from mhsync.storage.local import LocalStorage
from mhsync.testing.content import paths


def deliver(application, secret: str, id: str) -> str:
    body = json.dumps({"type": "audio.started", "payload": {"id": id}}).encode()
    timestamp = str(int(time.time()))
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/webhook",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "HTTP_MAGIC_HOUR_EVENT_TIMESTAMP": timestamp,
        "HTTP_MAGIC_HOUR_EVENT_SIGNATURE": hmac.new(
            secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256
        ).hexdigest(),
    }
    statuses: list[str] = []
    list(application(environ, lambda status, headers: statuses.append(status)))
    return statuses[0]


def manifest(folder: Path, name: str, storage: str) -> Path:
    path = folder / name
    path.write_text(f"version: 1\nstorage: {storage}\nprojects: []\n")
    return path


def test_secrets_are_read_from_the_environment():
    assert webhook_secrets({"MHSYNC_WEBHOOK_SECRET": " a\n"}) == ("a",)
    both = {"MHSYNC_WEBHOOK_SECRET": "a", "MHSYNC_WEBHOOK_SECRET_PREVIOUS": "b"}
    assert webhook_secrets(both) == ("a", "b")
    assert webhook_secrets({**both, "MHSYNC_WEBHOOK_SECRET_PREVIOUS": "a"}) == ("a",)


@pytest.mark.parametrize("environ", [{}, {"MHSYNC_WEBHOOK_SECRET": " "}, {"MHSYNC_WEBHOOK_SECRET_PREVIOUS": "b"}])
def test_without_a_current_secret_it_is_an_error_with_a_hint(environ):
    with pytest.raises(UsageError, match="MHSYNC_WEBHOOK_SECRET") as caught:
        webhook_secrets(environ)
    assert caught.value.hint


def test_a_sighting_is_recorded_in_the_storage_of_each_manifest_once(tmp_path):
    manifest(tmp_path, "a.yaml", "./one")
    manifest(tmp_path, "b.yaml", "./two")
    manifest(tmp_path, "c.yaml", "./one")
    environ = {"MHSYNC_WEBHOOK_SECRET": "current", "MHSYNC_WEBHOOK_SECRET_PREVIOUS": "former"}
    application = inbox_application(tmp_path, environ=environ, plugins=())
    assert deliver(application, "current", "clx1") == "200 OK"
    assert deliver(application, "former", "clx2") == "200 OK"
    assert deliver(application, "other", "clx3") == "401 Unauthorized"
    for name in ("one", "two"):
        assert paths(LocalStorage(tmp_path / name)) == [".mhsync/inbox/clx1.json", ".mhsync/inbox/clx2.json"]


def test_a_wrong_manifest_is_an_error(tmp_path):
    environ = {"MHSYNC_WEBHOOK_SECRET": "a"}
    with pytest.raises(UsageError, match="manifest"):
        inbox_application(environ=environ, plugins=())
    with pytest.raises(ManifestError):
        inbox_application(tmp_path / "missing.yaml", environ=environ, plugins=())
