"""A URL and its options are checked before the first request. Secrets in them are not shown."""

from __future__ import annotations

from typing import Any

import pytest
from mhsync_cloud.place import read_place
from mhsync_cloud.plugin import open_az, open_gs, open_s3

from mhsync import MhsyncError, StorageUnavailable, UsageError

FACTORIES = {"s3": open_s3, "gs": open_gs, "az": open_az}

SECRET = "wJalrXUtnFEMI"


@pytest.fixture(autouse=True)
def _logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "any")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "account")


def refusal(scheme: str, url: str, kind: type[MhsyncError] = UsageError, **options: Any) -> MhsyncError:
    with pytest.raises(kind) as caught:
        FACTORIES[scheme](url, options)
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"
    return caught.value


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
class TestEveryCloud:
    def test_the_hint_for_an_unknown_option_has_the_closest_one(self, scheme: str) -> None:
        error = refusal(scheme, f"{scheme}://bucket", endpiont="https://a.example")
        assert "'endpiont'" in error.message
        assert error.hint == "did you mean endpoint?"

    def test_the_hint_for_an_unrelated_option_lists_all(self, scheme: str) -> None:
        assert "prefix" in str(refusal(scheme, f"{scheme}://bucket", x=1).hint)

    @pytest.mark.parametrize(
        "name", ["secret_access_key", "access_key_id", "account_key", "sas_token", "password", "Session_Token"]
    )
    def test_a_secret_is_refused(self, scheme: str, name: str) -> None:
        error = refusal(scheme, f"{scheme}://bucket", **{name: SECRET})
        assert "must not contain secrets" in error.message
        assert name in error.message

    @pytest.mark.parametrize("value", [[SECRET], {SECRET: 1}, 7, "", True])
    def test_the_message_of_a_wrong_type_has_no_value(self, scheme: str, value: object) -> None:
        assert "endpoint" in refusal(scheme, f"{scheme}://bucket", endpoint=value).message

    @pytest.mark.parametrize("value", [0, -1, True, "10", 1e9])
    def test_a_timeout_outside_its_range_is_refused(self, scheme: str, value: object) -> None:
        assert "timeout" in refusal(scheme, f"{scheme}://bucket", timeout=value).message

    def test_plain_http_to_another_machine_is_refused(self, scheme: str) -> None:
        error = refusal(scheme, f"{scheme}://bucket", endpoint="http://storage.example:9000")
        assert "storage.example" in error.message
        assert "read and change" in error.message
        assert "127.0.0.1" in str(error.hint)

    @pytest.mark.parametrize("host", ["127.0.0.1:9", "127.9.9.9:9", "[::1]:9", "localhost:9"])
    def test_plain_http_to_this_machine_is_accepted(
        self, scheme: str, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MHSYNC_CLOUD_ENDPOINTS", "127.0.0.1,127.9.9.9,localhost,::1")
        storage = FACTORIES[scheme](f"{scheme}://bucket", {"endpoint": f"http://{host}"})
        assert storage._stores.quick.client_options["allow_http"] == "true"

    @pytest.mark.parametrize(
        "endpoint",
        [
            "https://key:wJalrXUtnFEMI@storage.example", "https://storage.example/?sig=wJalrXUtnFEMI",
            "https://storage.example/#wJalrXUtnFEMI", "ftp://storage.example", "storage.example", "https://",
            "https://a b", "https://a.example:port", "http://localhost.example", "http://127.0.0.1.example",
            "https://a\n.example", "http://[::ffff:10.0.0.1]", "https://evil\\.core.windows.net",
            "https://evil\\.googleapis.com", "https://evil\\.s3.amazonaws.com", "https://evil\t.core.windows.net",
            "https://evil\\@ours.core.windows.net", "http://2130706433", "http://127.1:9000", "https://a.example/../x",
        ],
    )  # fmt: skip
    def test_an_invalid_endpoint_is_refused(self, scheme: str, endpoint: str) -> None:
        refusal(scheme, f"{scheme}://bucket", endpoint=endpoint)

    @pytest.mark.parametrize("url", ["", "b", "bu cket", "bu..%2f", "BÜCKET", "b" * 300, "-b-", "a/../b/"])
    def test_an_invalid_bucket_is_refused(self, scheme: str, url: str) -> None:
        refusal(scheme, f"{scheme}://{url}")

    @pytest.mark.parametrize("url", ["key:wJalrXUtnFEMI@bucket", "wJalrXUtnFEMI@bucket", "bucket:9000"])
    def test_credentials_and_ports_in_the_url_are_refused(self, scheme: str, url: str) -> None:
        assert "contains neither credentials nor a port" in refusal(scheme, f"{scheme}://{url}/audio").message

    @pytest.mark.parametrize("url", ["bucket/a?region=eu", "bucket/a#b"])
    def test_options_in_the_url_are_refused(self, scheme: str, url: str) -> None:
        assert "storage_options" in str(refusal(scheme, f"{scheme}://{url}").hint)

    @pytest.mark.parametrize("prefix", ["/a", "a//b", "../a", "a/./b", "//"])
    def test_a_prefix_that_is_not_a_path_is_refused(self, scheme: str, prefix: str) -> None:
        refusal(scheme, f"{scheme}://bucket", prefix=prefix)
        refusal(scheme, f"{scheme}://bucket/{prefix}/x")

    def test_a_prefix_in_both_places_is_refused(self, scheme: str) -> None:
        assert "remove one" in str(refusal(scheme, f"{scheme}://bucket/a", prefix="b").hint)

    @pytest.mark.parametrize(
        ("url", "option", "prefix"),
        [
            ("bucket", None, ""), ("bucket/", None, ""), ("bucket/a/b/", None, "a/b"), ("bucket/a b%20c", None, "a b%20c"),
            ("bucket", "a/b/", "a/b"), ("bucket/", "ü", "ü"),
        ],
    )  # fmt: skip
    def test_a_prefix_is_not_decoded(self, scheme: str, url: str, option: str | None, prefix: str) -> None:
        place = read_place(scheme, f"{scheme}://{url}", option)
        assert (place.bucket, place.prefix) == ("bucket", prefix)


@pytest.mark.parametrize(
    ("scheme", "name"),
    [
        ("s3", "AWS_ENDPOINT_URL_S3"), ("s3", "AWS_ENDPOINT_URL"), ("s3", "AWS_ENDPOINT"),
        ("gs", "GOOGLE_BASE_URL"), ("gs", "STORAGE_EMULATOR_HOST"),
        ("az", "AZURE_STORAGE_ENDPOINT"), ("az", "AZURE_ENDPOINT"),
    ],
)  # fmt: skip
def test_an_endpoint_in_the_environment_is_checked_too(
    scheme: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "http://storage.example")
    assert name in refusal(scheme, f"{scheme}://bucket").message
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    options = FACTORIES[scheme](f"{scheme}://bucket", {})._stores.bulk.client_options
    assert options["allow_http"] == "true"


@pytest.mark.parametrize("name", ["AWS_ALLOW_HTTP", "AWS_ALLOW_INVALID_CERTIFICATES"])
def test_a_variable_of_the_library_does_not_disable_checks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "true")
    options = open_s3("s3://bucket", {})._stores.bulk.client_options
    assert options["allow_http"] == "false"
    assert options["allow_invalid_certificates"] == "false"


def test_the_manifest_has_priority_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://theirs.example")
    monkeypatch.setenv("AWS_REGION", "eu-theirs-1")
    monkeypatch.setenv("MHSYNC_CLOUD_ENDPOINTS", "ours.example")
    storage = open_s3("s3://bucket", {"endpoint": "https://ours.example", "region": "eu-ours-1"})
    config = storage._stores.quick.config
    assert {config["endpoint"], config["endpoint_url_s3"]} == {"https://ours.example"}
    assert config["region"] == "eu-ours-1"


class TestS3:
    def test_encryption_is_requested(self) -> None:
        key = "arn:aws:kms:eu-west-1:123456789012:key/1"
        config = open_s3("s3://bucket", {"encryption": "aws:kms", "kms_key_id": key})._stores.bulk.config
        assert (config["server_side_encryption"], config["sse_kms_key_id"]) == ("aws:kms", key)

    def test_a_key_without_encryption_is_refused(self) -> None:
        assert "kms_key_id" in refusal("s3", "s3://bucket", kms_key_id="arn").message

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("checksum", "md5"),
            ("addressing", "vhost"),
            ("encryption", "sse-c"),
            ("region", "eu west"),
            ("region", 1),
        ],
    )
    def test_a_value_that_is_not_a_choice_is_refused(self, name: str, value: object) -> None:
        assert name in refusal("s3", "s3://bucket", **{name: value}).message


class TestAzure:
    def test_an_account_is_required(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AZURE_STORAGE_ACCOUNT")
        assert "account" in refusal("az", "az://container").message

    def test_an_invalid_account_is_refused(self) -> None:
        assert "account" in refusal("az", "az://container", account="https://x.example").message

    @pytest.mark.parametrize("container", ["$web", "$root"])
    def test_the_two_containers_with_special_names_are_accepted(self, container: str) -> None:
        assert repr(open_az(f"az://{container}/audio", {})) == f"CloudStorage('az://{container}/audio')"


def test_the_options_of_google_are_accepted() -> None:
    assert repr(open_gs("gs://bucket", {"prefix": "audio", "timeout": 60})) == "CloudStorage('gs://bucket/audio')"


class TestUntrustedEndpoints:
    """An untrusted server could use the tokens that it receives, so the environment must list it."""

    @pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
    def test_it_is_refused_and_the_hint_has_the_variable(
        self, scheme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "ours")
        monkeypatch.setenv("AZURE_STORAGE_TOKEN", "bearer")
        monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "bearer")
        error = refusal(scheme, f"{scheme}://bucket", StorageUnavailable, endpoint="https://Evil.example/x")
        assert "credentials to evil.example" in error.message
        assert "MHSYNC_CLOUD_ENDPOINTS=evil.example" in (error.hint or "")

    @pytest.mark.parametrize(
        ("scheme", "endpoint", "named"),
        [
            ("gs", "https://storage.googleapis.com", ""),
            ("az", "https://ours.blob.core.windows.net", ""),
            ("s3", "https://s3.amazonaws.com", ""),
            ("s3", "https://bucket.s3.dualstack.eu-west-1.amazonaws.com", ""),
            ("s3", "https://vpce-1a-2b.s3.us-gov-west-1.vpce.amazonaws.com", ""),
            ("s3", "https://s3.cn-north-1.amazonaws.com.cn", ""),
            ("az", "http://127.0.0.1:10000/devstoreaccount1", "127.0.0.1:10000"),
            ("gs", "https://ours.example", "other.example, ours.example"),
        ],
    )
    def test_hosts_of_the_cloud_and_listed_hosts_are_trusted(
        self, scheme: str, endpoint: str, named: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "ours")
        monkeypatch.setenv("AZURE_STORAGE_TOKEN", "bearer")
        monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "bearer")
        monkeypatch.setenv("MHSYNC_CLOUD_ENDPOINTS", named)
        FACTORIES[scheme](f"{scheme}://bucket", {"endpoint": endpoint}).close()

    @pytest.mark.parametrize(
        ("scheme", "endpoint"),
        [
            ("gs", "https://evilgoogleapis.com"), ("gs", "https://googleapis.com.evil.example"),
            ("az", "https://evilcore.windows.net"), ("az", "https://evil.windows.net"),
            ("s3", "https://ec2-192-0-2-1.eu-west-1.compute.amazonaws.com"), ("s3", "https://evils3.amazonaws.com"),
            ("s3", "https://1a2b.execute-api.eu-west-1.amazonaws.com"), ("s3", "https://s3.amazonaws.com.evil.example"),
            ("s3", "https://vpce-1.vpce-svc-1.eu-west-1.vpce.amazonaws.com"),
        ],
    )  # fmt: skip
    def test_a_host_that_looks_like_one_of_the_cloud_is_refused(self, scheme: str, endpoint: str) -> None:
        refusal(scheme, f"{scheme}://bucket", StorageUnavailable, endpoint=endpoint)

    @pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
    @pytest.mark.parametrize("host", ["127.0.0.1:9", "[::1]:9", "localhost:9"])
    def test_this_machine_is_refused_until_the_environment_lists_it(
        self, scheme: str, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("MHSYNC_CLOUD_ENDPOINTS")
        error = refusal(scheme, f"{scheme}://bucket", StorageUnavailable, endpoint=f"http://{host}")
        assert "is not trusted" in error.message
