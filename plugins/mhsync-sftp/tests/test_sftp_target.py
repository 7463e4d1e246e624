"""The URL, the options and the environment: valid and invalid values."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from mhsync_sftp.target import Target, read_target

from mhsync import StorageUnavailable, UsageError


def read(url: str, options: dict | None = None, environ: dict | None = None) -> Target:
    return read_target(url, options or {}, environ or {})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sftp://me@host/audio", ("me", "host", 22, "/audio")),
        ("sftp://me@host:2222/audio/", ("me", "host", 2222, "/audio")),
        ("sftp://me@host/", ("me", "host", 22, "/")),
        ("sftp://me@host/~/audio/new", ("me", "host", 22, "audio/new")),
        ("sftp://me@host/~", ("me", "host", 22, ".")),
        ("sftp://a%40b@host/with%20space", ("a@b", "host", 22, "/with space")),
        ("sftp://me@[::1]:2222/audio", ("me", "::1", 2222, "/audio")),
    ],
)
def test_a_url_is_read(url: str, expected: tuple) -> None:
    target = read(url)
    assert (target.user, target.host, target.port, target.root) == expected


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sftp://me@host/audio/", "sftp://host/audio"),
        ("sftp://host:2222/audio", "sftp://host:2222/audio"),
        ("sftp://[::1]:2222/~/audio", "sftp://[::1]:2222/~/audio"),
        ("sftp://host/", "sftp://host"),
    ],
)
def test_the_url_for_messages_is_the_url_without_the_user(url: str, name: str) -> None:
    assert read(url).url == name


def test_the_default_user_is_the_one_who_runs_mhsync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "alice")
    assert read("sftp://host/audio").user == "alice"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sftp://me:hunter2@host/audio", "the storage URL contains a password"),
        ("sftp:///audio", "has no host"),
        ("sftp://me@host", "has no folder"),
        ("sftp://me@host:port/audio", "the storage URL is not valid"),
        ("sftp://me@host/audio?x=1", r"contains \? or #"),
        ("sftp://me@host/audio/../other", r"contains \.\."),
        ("sftp://me@host/audio%0A", "control character"),
    ],
)
def test_an_invalid_url_is_refused_with_a_hint(url: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read(url)
    assert caught.value.hint
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"keyfile": "/k"}, "no storage option 'keyfile'", "did you mean key_file?"),
        ({"region": "x"}, "no storage option 'region'", "sftp:// has agent, connections"),
        ({"password": "hunter2"}, "must not contain secrets", "MHSYNC_SFTP_PASSWORD"),
        ({"key_passphrase": "hunter2"}, "must not contain secrets", "MHSYNC_SFTP_KEY_PASSPHRASE"),
        ({"private_key": "hunter2"}, "must not contain secrets", "MHSYNC_SFTP"),
        ({"key_file": "keys/id"}, "key_file is a relative path", "MHSYNC_SFTP_KEY_FILE"),
        ({"known_hosts": 5}, "is not a path", "known_hosts: /absolute/path"),
        ({"agent": "yes"}, "option agent of sftp:// is not valid", "agent: true"),
        ({"timeout": 0}, "option timeout of sftp:// is not valid", "a number from 1 to 3600"),
        ({"timeout": True}, "option timeout of sftp:// is not valid", "a number"),
        ({"connections": 65}, "option connections of sftp:// is not valid", "a number from 1 to 64"),
    ],
)
def test_an_invalid_option_is_refused_with_a_hint(options: dict, message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read("sftp://me@host/audio", options)
    assert hint in caught.value.hint
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


def test_files_come_from_the_options_then_the_environment_then_the_default() -> None:
    default = read("sftp://me@host/a")
    assert default.key_file is None
    assert default.known_hosts == (Path("~/.ssh/known_hosts").expanduser(), Path("/etc/ssh/ssh_known_hosts"))
    environ = {"MHSYNC_SFTP_KEY_FILE": "/env/key", "MHSYNC_SFTP_KNOWN_HOSTS": "/env/hosts"}
    from_environment = read("sftp://me@host/a", {}, environ)
    assert (from_environment.key_file, from_environment.known_hosts) == (Path("/env/key"), (Path("/env/hosts"),))
    options = {"key_file": "/opt/key", "known_hosts": "/opt/hosts"}
    from_options = read("sftp://me@host/a", options, environ)
    assert (from_options.key_file, from_options.known_hosts) == (Path("/opt/key"), (Path("/opt/hosts"),))


def test_an_explicit_key_disables_the_agent_by_default() -> None:
    assert read("sftp://me@host/a").agent
    assert not read("sftp://me@host/a", {"key_file": "/k"}).agent
    assert read("sftp://me@host/a", {"key_file": "/k", "agent": True}).agent


def test_the_password_is_sent_only_to_the_host_in_the_environment() -> None:
    environ = {"MHSYNC_SFTP_PASSWORD": "hunter2", "MHSYNC_SFTP_HOST": "host"}
    assert read("sftp://me@host/a", {}, environ).password == "hunter2"
    for allowed in ({"MHSYNC_SFTP_HOST": "other"}, {"MHSYNC_SFTP_HOST": ""}):
        with pytest.raises(StorageUnavailable, match="is not sent to host, which the manifest names") as caught:
            read("sftp://me@host/a", {}, {**environ, **allowed})
        assert "MHSYNC_SFTP_HOST=host" in caught.value.hint
        assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


def test_the_repr_of_a_target_contains_no_secret() -> None:
    environ = {
        "MHSYNC_SFTP_PASSWORD": "hunter2", "MHSYNC_SFTP_HOST": "host", "MHSYNC_SFTP_KEY_PASSPHRASE": "hunter3",
    }  # fmt: skip
    target = read("sftp://me@host/a", {}, environ)
    assert (target.password, target.passphrase) == ("hunter2", "hunter3")
    assert "hunter" not in repr(target)


def test_importing_the_plugin_does_not_import_paramiko() -> None:
    code = "import sys, mhsync_sftp.plugin; print('paramiko' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
