"""Credentials come from the environment and the files of each cloud. Errors are immediate and show no secret."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud_processes import free_port
from cloud_wire import Request, Wire, answer
from mhsync_cloud import az, gs, s3
from mhsync_cloud.bounds import Bounds
from mhsync_cloud.plugin import open_az, open_gs, open_s3

from mhsync import MhsyncError, Storage, StorageUnavailable, UsageError

SECRET = "wJalrXUtnFEMI"
KEYS = f"aws_access_key_id = AKIAFILE\naws_secret_access_key = {SECRET}\n"


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(answer(200, "abc")) as server:
        yield server


@pytest.fixture
def home() -> Path:
    return Path.home()


def file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def request_of(storage: Storage, wire: Wire) -> Request:
    """The only request of `stat`."""
    assert storage.stat("a.wav") is not None
    (request,) = wire.requests
    wire.requests.clear()
    return request


def refusal(call: Any, kind: type[MhsyncError] = StorageUnavailable) -> str:
    with pytest.raises(kind) as caught:
        call()
    text = f"{caught.value.message} {caught.value.hint}"
    assert SECRET not in text
    assert "\n" not in text
    return text


class TestAws:
    def s3(self, wire: Wire, **options: Any) -> Storage:
        return open_s3("s3://bucket", {"endpoint": wire.url, **options})

    def test_keys_of_the_environment(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
        monkeypatch.setenv("AWS_REGION", "eu-env-1")
        request = request_of(self.s3(wire), wire)
        assert "Credential=AKIAENV/" in request.headers["authorization"]
        assert "/eu-env-1/s3/" in request.headers["authorization"]
        assert request.headers["x-amz-security-token"] == "session"
        assert SECRET not in str(request)

    def test_keys_of_the_default_profile(self, wire: Wire, home: Path) -> None:
        file(home / ".aws/credentials", f"[default]\n{KEYS}")
        file(home / ".aws/config", "[default]\nregion = eu-file-1\n")
        request = request_of(self.s3(wire), wire)
        assert "Credential=AKIAFILE/" in request.headers["authorization"]
        assert "/eu-file-1/s3/" in request.headers["authorization"]

    @pytest.mark.parametrize("by", ["variable", "old variable", "option"])
    def test_keys_of_a_named_profile(
        self, by: str, wire: Wire, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file(home / ".aws/credentials", f"[default]\n{KEYS}[archive]\n{KEYS.replace('AKIAFILE', 'AKIANAMED')}")
        file(home / ".aws/config", "[profile archive]\nregion = eu-named-1\n")
        if by != "option":
            monkeypatch.setenv("AWS_PROFILE" if by == "variable" else "AWS_DEFAULT_PROFILE", "archive")
        request = request_of(self.s3(wire, **({"profile": "archive"} if by == "option" else {})), wire)
        assert "Credential=AKIANAMED/" in request.headers["authorization"]
        assert "/eu-named-1/s3/" in request.headers["authorization"]

    def test_files_at_other_paths(self, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file(tmp_path / "c", f"[default]\n{KEYS}")))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(file(tmp_path / "d", "[default]\nregion = eu-else-1\n")))
        assert "/eu-else-1/s3/" in request_of(self.s3(wire), wire).headers["authorization"]

    def test_the_environment_wins_over_a_profile_of_the_environment(
        self, wire: Wire, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file(home / ".aws/credentials", f"[archive]\n{KEYS}")
        monkeypatch.setenv("AWS_PROFILE", "archive")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        assert "Credential=AKIAENV/" in request_of(self.s3(wire), wire).headers["authorization"]

    def test_a_profile_of_the_manifest_wins_over_the_environment(
        self, wire: Wire, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file(home / ".aws/credentials", f"[archive]\n{KEYS}aws_session_token = of-the-file\n")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "of-the-environment")
        request = request_of(self.s3(wire, profile="archive"), wire)
        assert "Credential=AKIAFILE/" in request.headers["authorization"]
        assert request.headers["x-amz-security-token"] == "of-the-file"

    def test_a_session_of_the_environment_is_not_mixed_with_keys_of_a_file(
        self, wire: Wire, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file(home / ".aws/credentials", f"[archive]\n{KEYS}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "of-the-environment")
        assert "x-amz-security-token" not in request_of(self.s3(wire, profile="archive"), wire).headers

    def test_an_unknown_profile_is_named(self, wire: Wire, home: Path) -> None:
        file(home / ".aws/credentials", f"[default]\n{KEYS}")
        assert "'archvie'" in refusal(lambda: self.s3(wire, profile="archvie"))

    def test_a_broken_file_is_named_and_not_shown(self, wire: Wire, home: Path) -> None:
        file(home / ".aws/credentials", f"aws_secret_access_key = {SECRET}\n")
        assert ".aws/credentials cannot be read" in refusal(lambda: self.s3(wire))

    def test_the_program_of_a_profile_is_run_by_boto3(self, wire: Wire, home: Path) -> None:
        output = {"Version": 1, "AccessKeyId": "AKIAPROGRAM", "SecretAccessKey": SECRET}
        program = file(home / "keys.json", json.dumps(output))
        file(home / ".aws/config", f"[profile tool]\nregion=eu-tool-1\ncredential_process = cat {program}\n")
        request = request_of(self.s3(wire, profile="tool"), wire)
        assert "Credential=AKIAPROGRAM/" in request.headers["authorization"]
        assert "/eu-tool-1/s3/" in request.headers["authorization"]

    @pytest.mark.parametrize(
        "how", ["credential_process = false", "sso_session = x", "role_arn = arn:aws:iam::1:role/x"]
    )
    def test_without_boto3_the_message_names_the_extra(
        self, how: str, wire: Wire, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file(home / ".aws/config", f"[profile tool]\n{how}\n")
        monkeypatch.setitem(sys.modules, "boto3", None)
        assert "pip install './plugins/mhsync-cloud[aws]'" in refusal(lambda: self.s3(wire, profile="tool"))

    @pytest.mark.parametrize("command", ["false", f"echo {SECRET}", f"sh -c 'echo {SECRET} >&2; exit 1'"])
    def test_a_program_that_fails_is_an_error_with_the_profile(self, command: str, wire: Wire, home: Path) -> None:
        file(home / ".aws/config", f"[profile tool]\ncredential_process = {command}\n")

        def use() -> None:
            self.s3(wire, profile="tool").stat("a.wav")

        assert "credentials" in refusal(use)

    def test_missing_credentials_are_an_immediate_error(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(s3, "_METADATA", ("127.0.0.1", free_port()))
        storage = s3.make("s3://bucket", {"endpoint": wire.url}, Bounds(metadata_timeout=1))
        begun = time.monotonic()
        for _ in range(2):
            text = refusal(lambda: storage.stat("a.wav"))
            assert "AWS_ACCESS_KEY_ID" in text
            assert "~/.aws" in text
        assert time.monotonic() - begun < 20
        assert wire.requests == []

    def test_the_metadata_service_is_not_used_if_it_is_disabled(
        self, wire: Wire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        assert "AWS_ACCESS_KEY_ID" in refusal(lambda: self.s3(wire))


class TestGoogle:
    def gs(self, wire: Wire) -> Storage:
        return open_gs("gs://bucket", {"endpoint": wire.url})

    def test_a_token_of_the_environment(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "the-token")
        assert request_of(self.gs(wire), wire).headers["authorization"] == "Bearer the-token"

    @pytest.mark.parametrize("content", ["{", "[]", "\xff", '"service_account"'])
    def test_a_file_without_credentials_is_named_and_not_shown(
        self, content: str, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file(tmp_path / "google.json", content)))
        assert "google.json" in refusal(lambda: self.gs(wire))

    def test_a_missing_file_is_named(self, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
        assert "none.json" in refusal(lambda: self.gs(wire))

    def test_an_invalid_login_is_an_error_without_its_content(self, wire: Wire, home: Path) -> None:
        content = {"type": "authorized_user", "client_secret": SECRET}
        file(home / ".config/gcloud/application_default_credentials.json", json.dumps(content))
        assert "credentials" in refusal(lambda: self.gs(wire).stat("a.wav"))

    def test_another_type_is_read_by_google_auth(
        self, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Workload identity federation, which CI services use: their token is exchanged for one of Google."""
        given = json.dumps({"access_token": "exchanged", "token_type": "Bearer", "expires_in": 3600})
        with Wire(answer(200, given, Content_Type="application/json")) as exchange:
            content = {
                "type": "external_account",
                "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": f"{exchange.url}/token",
                "credential_source": {"file": str(file(tmp_path / "subject", "of-the-ci"))},
            }
            path = file(tmp_path / "google.json", json.dumps(content))
            monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
            assert request_of(self.gs(wire), wire).headers["authorization"] == "Bearer exchanged"
            assert b"subject_token=of-the-ci" in exchange.requests[0].body

    def test_without_google_auth_the_message_names_the_extra(
        self, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = file(tmp_path / "google.json", json.dumps({"type": "external_account"}))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        monkeypatch.setitem(sys.modules, "obstore.auth.google", None)
        assert "pip install './plugins/mhsync-cloud[google]'" in refusal(lambda: self.gs(wire))

    @pytest.mark.parametrize("kind", ["external_account", SECRET, None])
    def test_an_invalid_file_of_another_type_is_an_error_without_its_content(
        self, kind: str | None, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = file(tmp_path / "google.json", json.dumps({"type": kind, "client_secret": SECRET}))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        assert "google.json" in refusal(lambda: self.gs(wire))

    def test_missing_credentials_are_an_immediate_error(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gs, "_METADATA", ("127.0.0.1", free_port()))
        storage = self.gs(wire)
        assert "GOOGLE_APPLICATION_CREDENTIALS" in refusal(lambda: list(storage.list()))
        assert wire.requests == []


class TestAzure:
    KEY = base64.b64encode(SECRET.encode()).decode()

    def az(self, wire: Wire, **options: Any) -> Storage:
        return open_az("az://container", {"endpoint": f"{wire.url}/account", **options})

    @pytest.mark.parametrize(
        "name", ["AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY"]
    )
    @pytest.mark.parametrize("account", ["AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME"])
    def test_a_key_of_the_environment(
        self, name: str, account: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(name, self.KEY)
        monkeypatch.setenv(account, "account")
        request = request_of(self.az(wire), wire)
        assert request.headers["authorization"].startswith("SharedKey account:")
        assert self.KEY not in str(request)

    def test_a_token_in_the_url_s_query(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", f"sv=2024-01-01&sig={SECRET}")
        request = request_of(self.az(wire, account="account"), wire)
        assert f"sig={SECRET}" in request.target
        wire.reply = answer(403)
        assert "access was denied" in refusal(lambda: self.az(wire, account="account").stat("a.wav"))

    def test_a_connection_string_with_a_key(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        text = f"AccountName=named;AccountKey={self.KEY};BlobEndpoint={wire.url}/named;"
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text)
        request = request_of(open_az("az://container", {}), wire)
        assert request.headers["authorization"].startswith("SharedKey named:")
        assert request.target == "/named/container/a.wav"

    def test_a_connection_string_with_a_signature(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        text = f"BlobEndpoint={wire.url}/named;SharedAccessSignature=sv=2024-01-01&sig={SECRET}%3D"
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text)
        assert f"sig={SECRET}%3D" in request_of(open_az("az://container", {"account": "named"}), wire).target

    def test_a_connection_string_has_a_default_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        text = (
            f"DefaultEndpointsProtocol=https;AccountName=named;AccountKey={self.KEY};EndpointSuffix=core.example"
        )
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text)
        config = open_az("az://container", {})._stores.quick.config
        assert config["endpoint"] == "https://named.blob.core.example"

    def test_a_connection_string_to_plain_http_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        text = f"DefaultEndpointsProtocol=http;AccountName=named;AccountKey={self.KEY};EndpointSuffix=core.example"
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text)
        assert "AZURE_STORAGE_CONNECTION_STRING" in refusal(lambda: open_az("az://container", {}), UsageError)

    def test_a_connection_string_for_another_account_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", f"AccountName=named;AccountKey={self.KEY}")
        assert "another account" in refusal(lambda: open_az("az://container", {"account": "account"}))

    def test_an_invalid_key_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", f"%{SECRET}%")
        assert "credentials" in refusal(lambda: open_az("az://container", {"account": "account"}))

    def test_missing_credentials_are_an_immediate_error(self, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(az, "_METADATA", ("127.0.0.1", free_port()))
        storage = self.az(wire, account="account")
        assert "AZURE_STORAGE_ACCOUNT_KEY" in refusal(lambda: list(storage.list()))
        assert wire.requests == []
