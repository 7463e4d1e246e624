"""URLs, options and variables: which ones are accepted, and which ones are refused with a hint."""

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
        ("fsspec+://x", "not the URL of a storage", "fsspec+SCHEME://"),
        ("fsspec+sftp://me@host/a", "cannot be used as a storage", "pip install ./plugins/mhsync-sftp"),
        ("fsspec+https://host/a", "cannot be used as a storage", "only be read"),
        ("fsspec+memory://h/x", "cannot be used as a storage", "lost when the process ends"),
        *(
            (f"fsspec+{name}://a", "cannot be used as a storage", "the file system itself")
            for name in ("filecache", "blockcache", "cached", "dir")
        ),
        ("fsspec+simplecache://a::memory://b", "cannot be used as a storage", "the file system itself"),
        ("fsspec+file://a::file://b", "must not contain ::", "the file system itself"),
        ("fsspec+webdav://me:hunter2@host/a", "must not contain a password", "MHSYNC_FSSPEC_PASSWORD"),
        ("fsspec+webdav://host/a?x=1", r"must not contain \? or #", "storage_options"),
        ("fsspec+webdav://host/a/../b", r"must not contain \.\.", "the folder itself"),
        ("fsspec+webdav://[host/a", "not the URL", "host and port"),
    ],
)
def test_an_invalid_url_is_refused_with_a_hint(url: str, message: str, hint: str) -> None:
    kind = StorageUnavailable if message == "cannot be used as a storage" else UsageError
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
def test_options_that_mhsync_sets_itself_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="a manifest cannot set"):
        read("fsspec+ftp://a", {name: True})


def test_secrets_are_used_only_for_the_server_that_they_are_meant_for() -> None:
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
def test_a_manifest_can_set_only_reviewed_options(protocol: str, name: str) -> None:
    for value in ("https://evil.example", {"endpoint_url": "https://evil.example"}, True):
        with pytest.raises(UsageError, match=f"a manifest cannot set the storage option '{name}'"):
            read(f"fsspec+{protocol}://a/b", {name: value}, {"MHSYNC_CLOUD_ENDPOINTS": "evil.example"})


@pytest.mark.parametrize("name", ["connection_string", "token_uri", "sas_token", "credential"])
def test_a_manifest_cannot_set_options_with_credentials(name: str) -> None:
    with pytest.raises(UsageError, match="must not contain secrets"):
        read("fsspec+abfs://c/b", {name: "BlobEndpoint=https://evil.example"})


@pytest.mark.parametrize("protocol", ["s3", "s3a", "gs", "gcs"])
class TestServerNamedByAManifest:
    @pytest.mark.parametrize(
        "endpoint",
        ["https://evil.example", "http://127.0.0.1:9000", "http://localhost:9000", "https://evilgoogleapis.com"],
    )
    def test_it_is_refused_unless_the_environment_lists_it(self, protocol: str, endpoint: str) -> None:
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
    def test_plain_http_and_ambiguous_urls_are_refused_also_for_trusted_hosts(
        self, protocol: str, endpoint: object
    ) -> None:
        environ = {"MHSYNC_CLOUD_ENDPOINTS": "evil.example,evil"}
        with pytest.raises(UsageError) as caught:
            options = {"endpoint_url": endpoint}
            if endpoint == 7:
                options = {"endpoint_url": [endpoint]}
            read(f"fsspec+{protocol}://bucket/a", options, environ)
        assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"

    def test_the_environment_can_name_a_server_but_not_with_plain_http(self, protocol: str) -> None:
        environ = {"MHSYNC_FSSPEC_ENDPOINT_URL": "https://Ours.example/", "MHSYNC_FSSPEC_FOR": f"{protocol}://"}
        assert read(f"fsspec+{protocol}://bucket/a", {}, environ).secrets == {
            "endpoint_url": "https://ours.example"
        }
        environ["MHSYNC_FSSPEC_ENDPOINT_URL"] = "http://ours.example"
        with pytest.raises(UsageError, match="MHSYNC_FSSPEC_ENDPOINT_URL is plain http"):
            read(f"fsspec+{protocol}://bucket/a", {}, environ)

    def test_it_is_refused_if_the_environment_has_secrets(self, protocol: str) -> None:
        environ = {
            "MHSYNC_FSSPEC_KEY": "hunter2",
            "MHSYNC_FSSPEC_FOR": f"{protocol}://",
            "MHSYNC_CLOUD_ENDPOINTS": "ours.example",
        }
        with pytest.raises(StorageUnavailable, match="names a server"):
            read(f"fsspec+{protocol}://bucket/a", {"endpoint_url": "https://ours.example"}, environ)


def test_a_server_of_google_is_accepted() -> None:
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
def test_the_host_in_an_azure_url_must_be_one_of_azure(url: str, is_trusted: bool) -> None:
    if is_trusted:
        assert read(url, {"account_name": "ours"}).options == {"account_name": "ours"}
        return
    with pytest.raises(StorageUnavailable, match="is not trusted"):
        read(url)


@pytest.mark.parametrize("account", ["evil.example/x", "evil.example#", "evil\\", "UPPER", "a", "", 7.5, None])
def test_an_invalid_azure_account_is_refused(account: object) -> None:
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
def test_an_ambiguous_server_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="contains a character|control character"):
        read(url)


def test_secrets_in_the_configuration_of_fsspec_are_used_only_for_their_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import fsspec

    monkeypatch.setitem(fsspec.config.conf, "ftp", {"password": "hunter2"})
    with pytest.raises(StorageUnavailable, match="fsspec's configuration are not for any server") as caught:
        make("fsspec+ftp://evil.example/a", {}, {})
    assert "MHSYNC_FSSPEC_FOR=ftp://evil.example" in (caught.value.hint or "")
    make("fsspec+ftp://ours.example/a", {}, {"MHSYNC_FSSPEC_FOR": "ftp://ours.example"}).close()
    monkeypatch.setitem(fsspec.config.conf, "ftp", {"timeout": 5})
    make("fsspec+ftp://evil.example/a", {}, {}).close()


def test_the_repr_of_a_target_shows_no_secret() -> None:
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
def test_webdav_is_encrypted_except_on_this_machine(url: str, base: str) -> None:
    assert webdav.options_of(read(url))["base_url"] == base


def test_webdav_uses_a_user_with_a_password_or_a_token() -> None:
    def options(url: str, **secrets: str) -> dict:
        environ = {f"MHSYNC_FSSPEC_{name.upper()}": value for name, value in secrets.items()}
        return webdav.options_of(read(url, {}, {**environ, "MHSYNC_FSSPEC_FOR": "webdav://"}))

    assert options("fsspec+webdav://me%40work@h/a", password="hunter2")["auth"] == ("me@work", "hunter2")
    assert options("fsspec+webdav://h/a", username="me", password="hunter2")["auth"] == ("me", "hunter2")
    assert options("fsspec+webdav://h/a", token="hunter2")["headers"] == {"Authorization": "Bearer hunter2"}
    assert "auth" not in options("fsspec+webdav://h/a")
    with pytest.raises(StorageUnavailable, match="PASSWORD is set, but there is no user"):
        options("fsspec+webdav://h/a", password="hunter2")
    with pytest.raises(StorageUnavailable, match="does not use MHSYNC_FSSPEC_PASWORD"):
        options("fsspec+webdav://me@h/a", pasword="hunter2")


def test_the_path_of_a_webdav_url_can_be_escaped() -> None:
    assert webdav.root_of(read("fsspec+webdav://h/remote.php/dav/my%20files/")) == "remote.php/dav/my files"


@pytest.mark.parametrize(
    ("url", "options", "message", "hint"),
    [
        ("fsspec+memry://a", {}, "fsspec has no file system 'memry'", "see fsspec.available_protocols()"),
        ("fsspec+webdv://a", {}, "fsspec has no file system 'webdv'", "did you mean fsspec+webdav://?"),
        (
            "fsspec+webdav://h/a",
            {"base_url": "x"},
            "cannot set the storage option 'base_url'",
            "it can set block_size, chunk_size, timeout",
        ),
        (
            "fsspec+webdav://h/a",
            {"tiemout": 3},
            "cannot set the storage option 'tiemout'",
            "did you mean timeout?",
        ),
        (
            "fsspec+webdav://h/a",
            {"zzz": 3},
            "cannot set the storage option 'zzz'",
            "it can set block_size, chunk_size, timeout",
        ),
        (
            "fsspec+file:///a",
            {"auto_mkdr": True},
            "cannot set the storage option 'auto_mkdr'",
            "did you mean auto_mkdir?",
        ),
        ("fsspec+dropbox://a", {}, "needs a package that is not installed: .*dropboxdrivefs", "dropbox"),
    ],
)
def test_a_misspelt_name_is_reported_with_the_closest_valid_one(url, options, message, hint) -> None:
    kind = UsageError if options else StorageUnavailable
    with pytest.raises(kind, match=message) as caught:
        make(url, options, {})
    assert hint in caught.value.hint
