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
        ("fsspec+sftp://me@host/a", "keeps no files", "pip install ./plugins/mhsync-sftp"),
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
    with pytest.raises(UsageError, match="must not contain secrets") as caught:
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


@pytest.mark.parametrize("protocol", ["s3", "gs", "abfs", "webdav", "ftp", "smb", "webhdfs", "oss", "anything"])
@pytest.mark.parametrize(
    "name",
    [
        "account_host", "base_url", "client_kwargs", "config_kwargs", "data_proxy", "endpoint", "extra_conf", "host",
        "location_mode", "mounts", "port", "proxies", "proxy", "s3_additional_kwargs", "server", "session", "session_kwargs",
        "trust_env", "url", "use_ssl", "verify", "zzz",
    ],
)  # fmt: skip
def test_only_reviewed_options_are_for_a_manifest(protocol: str, name: str) -> None:
    for value in ("https://evil.example", {"endpoint_url": "https://evil.example"}, True):
        with pytest.raises(UsageError, match=f"accepts no storage option '{name}' from a manifest"):
            read(f"fsspec+{protocol}://a/b", {name: value}, {"MHSYNC_CLOUD_ENDPOINTS": "evil.example"})


@pytest.mark.parametrize("name", ["connection_string", "token_uri", "sas_token", "credential"])
def test_options_with_credentials_in_them_are_for_no_manifest(name: str) -> None:
    with pytest.raises(UsageError, match="must not contain secrets"):
        read("fsspec+abfs://c/b", {name: "BlobEndpoint=https://evil.example"})


@pytest.mark.parametrize("protocol", ["s3", "s3a", "gs", "gcs"])
class TestTheServerThatAManifestNames:
    @pytest.mark.parametrize(
        "endpoint",
        ["https://evil.example", "http://127.0.0.1:9000", "http://localhost:9000", "https://evilgoogleapis.com"],
    )
    def test_it_is_refused_until_the_environment_names_it(self, protocol: str, endpoint: str) -> None:
        host = endpoint.split("/")[2].partition(":")[0]
        url = f"fsspec+{protocol}://bucket/a"
        with pytest.raises(StorageUnavailable, match=f"option endpoint_url would send .* to {host}") as caught:
            read(url, {"endpoint_url": endpoint})
        assert f"MHSYNC_CLOUD_ENDPOINTS={host}" in (caught.value.hint or "")
        target = read(url, {"endpoint_url": f"{endpoint}/"}, {"MHSYNC_CLOUD_ENDPOINTS": host})
        assert target.options == {"endpoint_url": endpoint}, "in the form that was checked"

    @pytest.mark.parametrize(
        "endpoint",
        [
            "http://evil.example",
            "https://evil\\.googleapis.com",
            "https://u:hunter2@evil.example",
            "evil.example",
            7,
            {},
        ],
    )
    def test_plain_http_and_odd_urls_are_refused_whoever_is_trusted(self, protocol: str, endpoint: object) -> None:
        environ = {"MHSYNC_CLOUD_ENDPOINTS": "evil.example,evil"}
        with pytest.raises(UsageError) as caught:
            options = {"endpoint_url": endpoint}
            if endpoint == 7:
                options = {"endpoint_url": [endpoint]}
            read(f"fsspec+{protocol}://bucket/a", options, environ)
        assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"

    def test_the_environment_may_name_it_but_not_over_plain_http(self, protocol: str) -> None:
        environ = {"MHSYNC_FSSPEC_ENDPOINT_URL": "https://Ours.example/", "MHSYNC_FSSPEC_FOR": f"{protocol}://"}
        assert read(f"fsspec+{protocol}://bucket/a", {}, environ).secrets == {
            "endpoint_url": "https://ours.example"
        }
        environ["MHSYNC_FSSPEC_ENDPOINT_URL"] = "http://ours.example"
        with pytest.raises(UsageError, match="MHSYNC_FSSPEC_ENDPOINT_URL is plain http"):
            read(f"fsspec+{protocol}://bucket/a", {}, environ)

    def test_the_manifest_names_none_beside_secrets(self, protocol: str) -> None:
        environ = {
            "MHSYNC_FSSPEC_KEY": "hunter2",
            "MHSYNC_FSSPEC_FOR": f"{protocol}://",
            "MHSYNC_CLOUD_ENDPOINTS": "ours.example",
        }
        with pytest.raises(StorageUnavailable, match="says where to go"):
            read(f"fsspec+{protocol}://bucket/a", {"endpoint_url": "https://ours.example"}, environ)


def test_google_may_be_named_without_more() -> None:
    options = {"endpoint_url": "https://storage.googleapis.com"}
    assert read("fsspec+gs://bucket/a", options).options == options


@pytest.mark.parametrize(
    ("url", "is_trusted"),
    [
        ("fsspec+abfs://container@ours.dfs.core.windows.net/a", True),
        ("fsspec+abfs://container/a", True),
        ("fsspec+abfs://container@evil.example/a", False),
        ("fsspec+az://container@evilcore.windows.net/a", False),
    ],
)
def test_the_host_in_an_azure_url_is_azures(url: str, is_trusted: bool) -> None:
    if is_trusted:
        assert read(url, {"account_name": "ours"}).options == {"account_name": "ours"}
        return
    with pytest.raises(StorageUnavailable, match="is not trusted"):
        read(url)


@pytest.mark.parametrize("account", ["evil.example/x", "evil.example#", "evil\\", "UPPER", "a", "", 7.5, None])
def test_an_azure_account_has_the_form_of_one(account: object) -> None:
    if isinstance(account, float):
        account = [account]
    with pytest.raises(UsageError, match="account_name of .* is not valid"):
        read("fsspec+abfs://container/a", {"account_name": account})


@pytest.mark.parametrize(
    "url",
    [
        "fsspec+webdav://evil\\.example/a", "fsspec+abfs://c@evil.example\\.blob.core.windows.net/a",
        "fsspec+ftp://ours.example\\@evil/a", "fsspec+webdav://ev il/a", "fsspec+ftp://büro.example/a",
        "fsspec+ftp://a@b@c/a", "fsspec+webdav://evil%2eexample/a", "fsspec+webdav://h\x7f/a",
    ],
)  # fmt: skip
def test_a_server_that_two_parsers_could_read_differently_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="has a character|control character"):
        read(url)


def test_secrets_of_fsspecs_own_configuration_go_only_where_they_are_meant_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import fsspec

    monkeypatch.setitem(fsspec.config.conf, "ftp", {"password": "hunter2"})
    with pytest.raises(StorageUnavailable, match="fsspec's configuration do not say what they are for") as caught:
        make("fsspec+ftp://evil.example/a", {}, {})
    assert "MHSYNC_FSSPEC_FOR=ftp://evil.example" in (caught.value.hint or "")
    make("fsspec+ftp://ours.example/a", {}, {"MHSYNC_FSSPEC_FOR": "ftp://ours.example"}).close()
    monkeypatch.setitem(fsspec.config.conf, "ftp", {"timeout": 5})
    make("fsspec+ftp://evil.example/a", {}, {}).close()


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
        (
            "fsspec+webdav://h/a",
            {"base_url": "x"},
            "no storage option 'base_url'",
            "it accepts block_size, chunk_size, timeout",
        ),
        ("fsspec+webdav://h/a", {"tiemout": 3}, "no storage option 'tiemout'", "did you mean timeout?"),
        (
            "fsspec+webdav://h/a",
            {"zzz": 3},
            "no storage option 'zzz'",
            "it accepts block_size, chunk_size, timeout",
        ),
        ("fsspec+file:///a", {"auto_mkdr": True}, "no storage option 'auto_mkdr'", "did you mean auto_mkdir?"),
        ("fsspec+dropbox://a", {}, "needs a package that is not installed: .*dropboxdrivefs", "dropbox"),
    ],
)
def test_what_cannot_be_opened_is_told_with_the_nearest_that_can(url, options, message, hint) -> None:
    kind = UsageError if options else StorageUnavailable
    with pytest.raises(kind, match=message) as caught:
        make(url, options, {})
    assert hint in caught.value.hint
