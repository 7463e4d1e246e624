"""The places that are searched for the key, their order, and the errors where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mhsync.api.credentials import Credential, find_key
from mhsync.errors import CredentialsMissing

KEY = "mhk_live_0123"


def config(path: Path, content: object = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content or {"api_key": KEY}))
    return path


def test_a_key_file_takes_precedence(tmp_path: Path):
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    assert find_key({"MAGIC_HOUR_API_KEY": "other"}, file) == Credential(KEY, str(file))


def test_the_variable_takes_precedence_over_the_config_file(tmp_path: Path):
    path = config(tmp_path / "config.json")
    environ = {"MAGIC_HOUR_API_KEY": f" {KEY}x\r\n", "MAGIC_HOUR_CONFIG": str(path)}
    assert find_key(environ) == Credential(f"{KEY}x", "MAGIC_HOUR_API_KEY")


def test_the_config_file_of_the_vendor_is_found(tmp_path: Path):
    home = config(tmp_path / "home/.config/magic-hour/config.json", {"api_key": "home"})
    xdg = config(tmp_path / "xdg/magic-hour/config.json", {"api_key": "xdg"})
    own = config(tmp_path / "own.json", {"api_key": "own"})
    environ = {"HOME": str(tmp_path / "home"), "MAGIC_HOUR_API_KEY": ""}
    assert find_key(environ) == Credential("home", str(home))
    environ["XDG_CONFIG_HOME"] = str(tmp_path / "xdg")
    assert find_key(environ) == Credential("xdg", str(xdg))
    environ["MAGIC_HOUR_CONFIG"] = str(own)
    assert find_key(environ) == Credential("own", str(own))


@pytest.mark.parametrize("content", [None, {"other": 1}, {"api_key": ""}, {"api_key": 5}])
def test_a_missing_key_names_all_places_that_were_searched(tmp_path: Path, content: object):
    path = tmp_path / "config.json"
    if content is not None:
        config(path, content)
    with pytest.raises(CredentialsMissing) as caught:
        find_key({"MAGIC_HOUR_CONFIG": str(path)})
    assert "MAGIC_HOUR_API_KEY" in caught.value.message
    assert str(path) in caught.value.message
    assert "--api-key-file" in (caught.value.hint or "")
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "[" * 100_000, "\0"], ids=["empty", "cut", "list", "deep", "nul"]
)
def test_an_invalid_config_file_is_named(tmp_path: Path, content: str):
    path = config(tmp_path / "config.json", content)
    with pytest.raises(CredentialsMissing, match="is not a JSON object") as caught:
        find_key({"MAGIC_HOUR_CONFIG": str(path)})
    assert str(path) in caught.value.message


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"a\nb", b"\xff\xfe", b"key\0"])
def test_a_key_file_with_an_invalid_key_is_named_and_its_content_is_not_shown(tmp_path: Path, content: bytes):
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(CredentialsMissing, match="no (valid )?API key") as caught:
        find_key({}, path)
    assert str(path) in caught.value.message
    assert "two words" not in caught.value.message


@pytest.mark.parametrize("name", ["missing", "."])
def test_an_unreadable_key_file_is_named(tmp_path: Path, name: str):
    with pytest.raises(CredentialsMissing) as caught:
        find_key({"MAGIC_HOUR_API_KEY": KEY}, tmp_path / name)
    assert str(tmp_path) in caught.value.message
    assert caught.value.__context__ is None


def test_without_a_home_there_is_no_config_file():
    with pytest.raises(CredentialsMissing, match="HOME is not set, so"):
        find_key({})


def test_a_config_file_without_read_permission_is_named(tmp_path: Path):
    (tmp_path / "magic-hour").write_text("a file where the folder would be")
    with pytest.raises(CredentialsMissing, match="has no key"):
        find_key({"XDG_CONFIG_HOME": str(tmp_path)})
    (tmp_path / "other" / "magic-hour" / "config.json").mkdir(parents=True)
    with pytest.raises(CredentialsMissing, match="is a directory"):
        find_key({"XDG_CONFIG_HOME": str(tmp_path / "other")})


def test_a_key_is_not_shown():
    assert KEY not in repr(Credential(KEY, "somewhere"))
