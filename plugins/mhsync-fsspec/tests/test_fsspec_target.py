"""URL, options and environment: what is taken, and what is refused with a mend."""

from __future__ import annotations

import pytest
from mhsync_fsspec import webdav
from mhsync_fsspec.factory import make
from mhsync_fsspec.target import Target, target_of

from mhsync import StorageUnavailable, UsageError

DAV = "fsspec+webdav://me@dav.example.com/files/audio"


def read(url: str, options: dict | None = None, environ: dict | None = None) -> Target:
    return target_of(url, options or {}, environ or {})


@pytest.mark.parametrize(
    ("url", "protocol", "inner", "name"),
    [
        ("fsspec+ftp://a/b/", "ftp", "ftp://a/b/", "fsspec+ftp://a/b"),
        ("fsspec+dav://h/p", "webdav", "webdav://h/p", "fsspec+webdav://h/p"),
        (DAV, "webdav", "webdav://me@dav.example.com/files/audio", "fsspec+webdav://dav.example.com/files/audio"),
    ],
)
def test_a_url_is_read(url: str, protocol: str, inner: str, name: str) -> None:
    target = read(url)
    assert (target.protocol, target.url, target.name) == (protocol, inner, name)


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        ("fsspec+://x", "not a URL of a storage", "fsspec+SCHEME://"),
        ("fsspec+sftp://me@host/a", "keeps no files", "mhsync[sftp]"),
        ("fsspec+https://host/a", "keeps no files", "only be read"),
        ("fsspec+memory://h/x", "keeps no files", "nothing once the process ends"),
        *(
            (f"fsspec+{name}://a", "keeps no files", "the file system itself")
            for name in ("filecache", "blockcache", "cached", "dir")
        ),
        ("fsspec+simplecache://a::memory://b", "keeps no files", "the file system itself"),
        ("fsspec+file://a::file://b", "has no :: in it", "the file system itself"),
        ("fsspec+webdav://me:hunter2@host/a", "password stands in the storage's URL", "MHSYNC_FSSPEC_PASSWORD"),
        ("fsspec+webdav://host/a?x=1", r"neither \? nor #", "storage_options"),
        ("fsspec+webdav://host/a/../b", r"holds \.\.", "the folder itself"),
        ("fsspec+webdav://[host/a", "not a URL", "host and port"),
    ],
)
def test_a_wrong_url_is_refused_with_a_mend(url: str, message: str, hint: str) -> None:
    kind = StorageUnavailable if message == "keeps no files" else UsageError
    with pytest.raises(kind, match=message) as caught:
        read(url)
    assert hint in caught.value.hint
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    "options",
    [
        {"password": "hunter2"}, {"token": "hunter2"}, {"secret": "hunter2"}, {"key": "hunter2"},
        {"api_key": "hunter2"}, {"auth": ["me", "hunter2"]}, {"account_key": "hunter2"},
        {"client_kwargs": {"headers": {"Authorization": "hunter2"}}},
    ],
    ids=str,
)  # fmt: skip
def test_a_secret_in_the_options_is_refused_and_not_shown(options: dict) -> None:
    with pytest.raises(UsageError, match="a manifest is no place for secrets") as caught:
        read("fsspec+ftp://a", options)
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("name", ["asynchronous", "fs", "fo", "target_protocol", "skip_instance_cache", "client"])
def test_options_that_would_take_the_ground_away_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not for a manifest"):
        read("fsspec+ftp://a", {name: True})


def test_secrets_go_only_where_they_are_meant_to() -> None:
    secret = {"MHSYNC_FSSPEC_PASSWORD": "hunter2"}
    for meant in ("webdav://me@dav.example.com", "fsspec+webdav://me@dav.example.com/", "webdav://", DAV):
        assert read(DAV, {}, {**secret, "MHSYNC_FSSPEC_FOR": meant}).secrets == {"password": "hunter2"}
    for meant in (
        "",
        "webdav://dav.example.com",
        "webdav://me@dav.example.co",
        "webdav://me@dav.example.com/fil",
        "ftp://",
    ):
        with pytest.raises(StorageUnavailable, match="the manifest names webdav://me@dav.example.com") as caught:
            read(DAV, {}, {**secret, "MHSYNC_FSSPEC_FOR": meant})
        assert "MHSYNC_FSSPEC_FOR=webdav://me@dav.example.com" in caught.value.hint
        assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("name", ["host", "endpoint_url", "proxies", "base_url"])
def test_where_secrets_go_is_not_for_the_options_to_say(name: str) -> None:
    environ = {"MHSYNC_FSSPEC_PASSWORD": "hunter2", "MHSYNC_FSSPEC_FOR": "webdav://"}
    assert read(DAV, {name: "elsewhere"}).options == {name: "elsewhere"}
    with pytest.raises(StorageUnavailable, match="says where to go"):
        read(DAV, {name: "elsewhere"}, environ)


def test_a_target_shows_no_secret() -> None:
    environ = {"MHSYNC_FSSPEC_PASSWORD": "hunter2", "MHSYNC_FSSPEC_FOR": "webdav://"}
    assert "hunter2" not in repr(read(DAV, {}, environ))


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("fsspec+webdav://dav.example.com/files", "https://dav.example.com"),
        ("fsspec+webdav://me@dav.example.com:8443/files", "https://dav.example.com:8443"),
        ("fsspec+webdav://127.0.0.1:8080/files", "http://127.0.0.1:8080"),
        ("fsspec+webdav://localhost:8080/files", "http://localhost:8080"),
        ("fsspec+webdav://127.0.0.1.example.com/files", "https://127.0.0.1.example.com"),
    ],
)
def test_webdav_is_encrypted_off_this_machine(url: str, base: str) -> None:
    assert webdav.options_of(read(url))["base_url"] == base


def test_webdav_takes_a_user_with_a_password_or_a_token() -> None:
    def options(url: str, **secrets: str) -> dict:
        environ = {f"MHSYNC_FSSPEC_{name.upper()}": value for name, value in secrets.items()}
        return webdav.options_of(read(url, {}, {**environ, "MHSYNC_FSSPEC_FOR": "webdav://"}))

    assert options("fsspec+webdav://me%40work@h/a", password="hunter2")["auth"] == ("me@work", "hunter2")
    assert options("fsspec+webdav://h/a", username="me", password="hunter2")["auth"] == ("me", "hunter2")
    assert options("fsspec+webdav://h/a", token="hunter2")["headers"] == {"Authorization": "Bearer hunter2"}
    assert "auth" not in options("fsspec+webdav://h/a")
    with pytest.raises(StorageUnavailable, match="no user it belongs to"):
        options("fsspec+webdav://h/a", password="hunter2")
    with pytest.raises(StorageUnavailable, match="knows no MHSYNC_FSSPEC_PASWORD"):
        options("fsspec+webdav://me@h/a", pasword="hunter2")


def test_the_path_of_a_webdav_url_may_be_escaped() -> None:
    assert webdav.root_of(read("fsspec+webdav://h/remote.php/dav/my%20files/")) == "remote.php/dav/my files"


@pytest.mark.parametrize(
    ("url", "options", "message", "hint"),
    [
        ("fsspec+memry://a", {}, "fsspec knows no file system 'memry'", "see fsspec.available_protocols()"),
        ("fsspec+webdv://a", {}, "fsspec knows no file system 'webdv'", "did you mean fsspec+webdav://?"),
        ("fsspec+webdav://h/a", {"bas_url": "x"}, "no storage option 'bas_url'", "did you mean base_url?"),
        ("fsspec+webdav://h/a", {"tiemout": 3}, "no storage option 'tiemout'", "did you mean timeout?"),
        ("fsspec+webdav://h/a", {"zzz": 3}, "no storage option 'zzz'", "it knows auth, base_url, "),
        ("fsspec+file:///a", {"auto_mkdr": True}, "no storage option 'auto_mkdr'", "did you mean auto_mkdir?"),
        ("fsspec+dropbox://a", {}, "needs a package that is not installed: .*dropboxdrivefs", "dropbox"),
    ],
)
def test_what_cannot_be_opened_is_told_with_the_nearest_that_can(url, options, message, hint) -> None:
    kind = UsageError if options else StorageUnavailable
    with pytest.raises(kind, match=message) as caught:
        make(url, options, {})
    assert hint in caught.value.hint
