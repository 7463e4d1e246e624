"""`mhsync doctor` finds what is wrong, says what to do, and leaves nothing behind."""

from __future__ import annotations

import pytest

from mhsync.reconcile import doctor as module
from mhsync.reconcile.doctor import examine_api
from tests.api.client_fixture import QUICK
from tests.cli.schemas import assert_valid


def found(cli_runner, *args, **environ):
    """The exit code, and the health of each subject."""
    done = cli_runner.run("doctor", *args, "--format", "json", **environ)
    assert_valid(done.document, "doctor")
    return done.code, [(item["subject"], item["health"], item["message"]) for item in done.document["findings"]]


def test_a_complete_set_up_is_ok_and_no_file_is_left(cli_runner):
    code, findings = found(cli_runner, cli_runner.manifest("done"))
    assert [(subject, health) for subject, health, _ in findings] == [
        ("version", "ok"), ("api", "ok"), ("clock", "ok"), ("manifest", "ok"), ("storage", "ok"),
    ]  # fmt: skip
    assert code == 0
    assert [path for path in (cli_runner.folder / "outputs").rglob("*") if path.is_file()] == []
    assert len(cli_runner.sandbox.requests.of(method="DELETE")) == 0


@pytest.mark.parametrize(
    ("environ", "subject", "message"),
    [
        ({"MAGIC_HOUR_API_KEY": ""}, "key", "no API key"),
        ({"MAGIC_HOUR_API_KEY": "mhk_wrong"}, "api", "401"),
        ({"MHSYNC_API_URL": "ftp://x"}, "key", "the API URL is invalid"),
    ],
    ids=["no key", "wrong key", "bad address"],
)
def test_a_broken_access_is_found(cli_runner, environ, subject, message):
    code, findings = found(cli_runner, **environ)
    failed = [(name, text) for name, health, text in findings if health == "failed"]
    assert (code, failed[0][0]) == (1, subject)
    assert message in failed[0][1]


def test_broken_manifests_and_storages_are_found_and_the_others_examined(cli_runner):
    good = cli_runner.manifest("done", name="a.yaml")
    bad = cli_runner.write("projects: [{id: a, stat: b}]", "b.yaml")
    no_plugin = cli_runner.write("storage: s3://bucket\nprojects: [{id: c}]", "c.yaml")
    code, findings = found(cli_runner, bad, no_plugin, good)
    assert code == 1
    assert [(subject, health) for subject, health, _ in findings if subject in ("manifest", "storage")] == [
        ("manifest", "failed"), ("manifest", "ok"), ("manifest", "ok"), ("storage", "failed"), ("storage", "ok"),
    ]  # fmt: skip


def test_a_storage_that_cannot_be_written_is_found(cli_runner):
    (cli_runner.folder / "outputs").write_text("a file in the place of the folder")
    code, findings = found(cli_runner, cli_runner.manifest("done"))
    assert (code, findings[-1][:2]) == (1, ("storage", "failed"))


@pytest.mark.parametrize(("shift", "health"), [(0, "ok"), (-300, "warning"), (300, "warning")])
def test_a_wrong_clock_is_found(cli_runner, shift, health):
    from mhsync import Client

    with Client(cli_runner.sandbox.key, base_url=cli_runner.sandbox.api_url, settings=QUICK) as client:
        server_time = client.probe()
        assert server_time is not None
        *_, clock = examine_api(client, "a test", server_time + shift)
    assert (clock.subject, clock.health) == ("clock", health)


def test_the_text_fits_the_terminal_and_has_hints(cli_runner):
    out = cli_runner.run("doctor", MAGIC_HOUR_API_KEY="mhk_wrong").out
    assert "failed   api" in out
    assert "hint: check the API key (from MAGIC_HOUR_API_KEY)" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_storage_that_returns_other_bytes_is_found(tmp_path, monkeypatch):
    from mhsync.errors import StorageError
    from mhsync.storage.local import LocalStorage

    storage = LocalStorage(tmp_path)
    monkeypatch.setattr(module, "_CONTENT", b"expected")
    real = storage.open
    monkeypatch.setattr(storage, "open", lambda path: [(tmp_path / path).write_bytes(b"damaged!"), real(path)][1])
    with pytest.raises(StorageError, match="read back with other bytes"):
        module._probe(storage)
