"""The client against recorded responses of the API.

They are played by default, without a network. To record them again, from the sandbox or from the real API:

    MHSYNC_RECORD=sandbox pytest tests/api/test_cassettes.py
    MHSYNC_RECORD=https://api.magichour.ai MAGIC_HOUR_API_KEY=… \
        MHSYNC_CASSETTE_COMPLETE=<id> MHSYNC_CASSETTE_DELETE=<id, deleted permanently> pytest tests/api/test_cassettes.py

Cassettes contain no keys, queries of signed links, ids or names (`cassette_recorder.py`). The last tests of this file
check that.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from mhsync.core.project import Status
from mhsync.errors import AuthenticationFailed, ConnectionFailed, ProjectNotFound
from tests.api.cassette_recorder import AUDIO_BYTES, FOLDER, IDS, played
from tests.api.client_fixture import KEY, sha256

NAMES = ("check-result", "delete", "get", "get-missing", "wrong-key")
pytestmark = (
    # vcr does not close the connections that it records.
    [pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
    if os.environ.get("MHSYNC_RECORD")
    else []
)


def test_get():
    with played("get") as (client, ids):
        project = client.get(ids["cassette-complete"])
    assert project.status is Status.COMPLETE
    assert (project.is_gone, project.error) == (False, None)
    assert project.created_at is not None
    assert len(project.downloads) >= 1
    assert project.extra == {}


def test_get_of_a_missing_project():
    with played("get-missing") as (client, ids), pytest.raises(ProjectNotFound) as caught:
        client.get(ids["cassette-missing"])
    assert caught.value.status == 404


def test_a_wrong_key():
    with played("wrong-key") as (client, ids):
        client._calls.headers["Authorization"] = "Bearer mhk_wrong"  # type: ignore[index]
        with pytest.raises(AuthenticationFailed):
            client.get(ids["cassette-complete"])


def test_delete_and_delete_again():
    with played("delete") as (client, ids):
        assert client.delete(ids["cassette-delete"]) is True
        assert client.delete(ids["cassette-delete"]) is False


def test_check_result(tmp_path: Path):
    with played("check-result") as (client, ids):
        result = client.check_result(ids["cassette-complete"], download_directory=tmp_path)
    (path, *_) = result.downloaded_paths
    assert Path(path).name.startswith("output")
    if not os.environ.get("MHSYNC_RECORD"):
        data = Path(path).read_bytes()
        assert len(data) == AUDIO_BYTES
        assert sha256(data) == sha256(recorded_audio("check-result"))


def test_requests_that_were_not_recorded_fail():
    if os.environ.get("MHSYNC_RECORD"):
        pytest.skip("records")
    with played("get") as (client, _), pytest.raises(Exception, match="(?i)cassette") as caught:
        client.get("never-recorded")
    assert not isinstance(caught.value, ConnectionFailed)  # no real connection was attempted


def recorded_audio(name: str) -> bytes:
    interactions = yaml.safe_load((FOLDER / f"{name}.yaml").read_bytes())["interactions"]
    return interactions[-1]["response"]["body"]["string"]


def test_every_call_has_a_cassette():
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_no_cassette_contains_a_secret(name: str):
    text = (FOLDER / f"{name}.yaml").read_text()
    for pattern in (KEY, r"mhk_(?!played)", "(?i)bearer ", "(?i)authorization", "(?i)cookie", r"https?://[^\s\"']*\?",
                    "(?i)signature", r"127\.0\.0\.1", "localhost"):  # fmt: skip
        assert not re.search(pattern, text), f"{name} holds {pattern}"
    for interaction in yaml.safe_load(text)["interactions"]:
        assert interaction["request"]["headers"] == {}
        assert interaction["request"]["body"] is None
        assert "?" not in interaction["request"]["uri"]
        body = interaction["response"]["body"]["string"]
        assert not re.search(rb"https?://[^\s\"']*\?", body.encode() if isinstance(body, str) else body)
        assert any(id in interaction["request"]["uri"] for id in IDS)
