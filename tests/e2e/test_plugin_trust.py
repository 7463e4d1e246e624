"""`plan` is safe for untrusted manifests: it writes nothing, sends no notification and runs no new code."""

from __future__ import annotations

import json

import pytest

from tests.e2e.spied import Spied, snapshot
from tests.examples.installed import lay_down

READING = {
    "import", "mhsync_storage_schemes", "mhsync_notifier_schemes", "storage.factory", "storage.list", "storage.stat",
    "storage.open", "storage.close",
}  # fmt: skip
PLANS = [
    ["plan"],
    ["plan", "--refresh", "--detailed-exitcode"],
    ["plan", "--format", "json", "-vv"],
    ["plan", "--only", "two"],
]


class TestLooking:
    @pytest.mark.parametrize("command", PLANS, ids=" ".join)
    def test_plan_writes_to_no_storage_and_sends_no_notification(self, spied: Spied, command: list[str]) -> None:
        file = spied.manifest()
        done = spied.run(*command, file)
        assert done.code in (0, 2), done.err
        assert {"storage.factory", "storage.list"} <= spied.asked <= READING
        assert not spied.kept.exists()
        assert not spied.cli_runner.sandbox.requests.of(method="DELETE")

    @pytest.mark.parametrize("command", PLANS[:2], ids=" ".join)
    def test_plan_leaves_what_is_stored_as_it_is(self, spied: Spied, command: list[str]) -> None:
        file = spied.manifest()
        assert spied.run("apply", file).code == 0
        (spied.kept / "one" / "output.wav").unlink()
        before = snapshot(spied.kept, spied.cli_runner.folder)
        spied.run(*command, file)
        assert spied.asked <= READING
        assert snapshot(spied.kept, spied.cli_runner.folder) == before

    def test_plan_makes_no_folder(self, spied: Spied) -> None:
        file = spied.manifest(storage="./outputs")
        assert spied.run("plan", file).code == 0
        assert [path.name for path in spied.cli_runner.folder.iterdir()] == [file]

    @pytest.mark.parametrize("storage", [None, "./outputs", "s3://bucket/prefix", "unknown-scheme://x"])
    def test_validate_loads_no_plugin_at_all(self, spied: Spied, storage: str | None) -> None:
        file = spied.manifest(storage=storage)
        done = spied.run("validate", file, MAGIC_HOUR_API_KEY=None)
        assert (done.code, done.err) == (0, "")
        assert spied.seen == []
        assert [path.name for path in spied.cli_runner.folder.iterdir()] == [file]
        assert len(spied.cli_runner.sandbox.requests) == 0

    def test_apply_is_seen_to_write_and_to_notify(self, spied: Spied) -> None:
        assert spied.run("apply", spied.manifest()).code == 0
        writing = {
            "storage.write",
            "storage.lock",
            "storage.sweep",
            "notifier.factory",
            "notifier.notify",
            "mhsync_event",
        }
        assert writing <= spied.asked, "so the tests above would see it, too"

    def test_a_refused_apply_sends_no_notification(self, spied: Spied) -> None:
        done = spied.run("apply", spied.manifest(), "--max-deletes", "0")
        assert done.code == 3
        assert spied.asked - READING == {"storage.lock", "mhsync_review_plan"}


class TestSecretsOfNotifyTargets:
    @pytest.mark.parametrize("command", ["validate", "plan"])
    def test_a_name_is_not_even_looked_up_before_apply(self, spied: Spied, command: str) -> None:
        file = spied.manifest()
        given = spied.run(command, file)
        missing = spied.run(command, file, TARGET=None)
        assert given == missing
        assert "t0ken" not in given.out + given.err

    def test_apply_looks_the_variable_up_and_does_not_print_it(self, spied: Spied) -> None:
        file = spied.manifest()
        done = spied.run("apply", file, "-vv", SPY_FAILS="notifier.notify")
        assert done.code == 0
        assert "mhsync-spy could not send run.finished: RuntimeError" in done.err
        assert "t0ken" not in done.out + done.err
        missing = spied.run("apply", file, TARGET=None)
        assert missing.code == 0
        assert "the environment has no TARGET" in missing.err

    @pytest.mark.parametrize("value", ["mhk_0123456789", "javascript:x", "/etc/passwd"])
    def test_a_name_of_something_else_gives_none_of_it_away(self, spied: Spied, value: str) -> None:
        done = spied.run("apply", spied.manifest(notify="${OTHER}"), OTHER=value)
        assert done.code == 0
        assert "whose value is not a URL" in done.err
        assert value not in done.out + done.err

    @pytest.mark.parametrize(
        "line", ['storage: "${TARGET}"', 'path: "${TARGET}"', 'notify: [{url: "spy://${TARGET}"}]']
    )
    def test_nowhere_else_does_a_name_stand_for_anything(self, spied: Spied, line: str) -> None:
        file = spied.cli_runner.write(f"{line}\nprojects: [{{id: one}}]")
        done = spied.run("apply", file)
        assert done.code == 2, done.out
        assert "t0ken" not in done.err
        assert spied.asked == set()


class TestCode:
    @pytest.mark.parametrize(
        "text",
        [
            "plugins: [mhsync-other]\nprojects: []",
            "import: mhsync_other\nprojects: []",
            "projects: !!python/object/apply:os.system [id]",
            "projects: [{id: one, path: '{id.__class__}'}]",
        ],
        ids=["plugins", "import", "tag", "attribute"],
    )
    def test_a_manifest_cannot_name_code(self, spied: Spied, text: str) -> None:
        lay_down(spied.site, "mhsync-other", "raise AssertionError('imported')")
        file = spied.cli_runner.write(text)
        done = spied.run("apply", file, MHSYNC_PLUGINS=None)
        assert done.code == 2, done.out + done.err
        assert done.err.startswith("error: m.yaml:")
        assert "imported" not in done.err
        assert spied.seen == []

    @pytest.mark.parametrize("url", ["python://os:system", "mhsync_other://x", "mhsync-other://x"])
    def test_a_scheme_names_no_module(self, spied: Spied, url: str) -> None:
        lay_down(spied.site, "mhsync-other", "raise AssertionError('imported')")
        done = spied.run("plan", spied.manifest(storage=url))
        assert done.code in (1, 2), done.out
        assert "imported" not in done.err
        assert "Traceback" not in done.err


class TestChoosing:
    def test_no_plugins_imports_none(self, spied: Spied) -> None:
        file = spied.manifest(storage="./outputs")
        for args in (["plan", file], ["apply", file], ["plugins"]):
            assert spied.run(*args, "--no-plugins").code == 0, args
            assert spied.seen == [], args

    @pytest.mark.parametrize("chosen", ["", " , "])
    def test_an_empty_choice_imports_none(self, spied: Spied, chosen: str) -> None:
        file = spied.manifest(storage="./outputs")
        for args in (["plan", file], ["plugins"], ["--help"]):
            assert spied.run(*args, MHSYNC_PLUGINS=chosen).code == 0, args
            assert spied.seen == [], args

    def test_a_choice_imports_those_and_no_others(self, spied: Spied) -> None:
        good = "from mhsync import hookimpl\n@hookimpl\ndef mhsync_event(event): ...\n"
        lay_down(spied.site, "mhsync-good", good)
        lay_down(spied.site, "mhsync-other", "raise AssertionError('imported')")
        done = spied.run("plugins", "--format", "json", MHSYNC_PLUGINS="MHsync_Good, mhsync-spy")
        assert done.code == 0
        assert [plugin["name"] for plugin in done.document["plugins"]] == ["mhsync", "mhsync-good", "mhsync-spy"]
        assert spied.run("plan", spied.manifest(), MHSYNC_PLUGINS="mhsync-spy,mhsync-good").code == 0
        assert "storage.list" in spied.asked

    def test_without_a_choice_all_are_loaded(self, spied: Spied) -> None:
        listed = spied.run("plugins", "--format", "json", MHSYNC_PLUGINS=None).document["plugins"]
        assert "mhsync-spy" in [plugin["name"] for plugin in listed]

    def test_a_storage_of_a_plugin_that_is_switched_off_is_reported(self, spied: Spied) -> None:
        file = spied.manifest()
        done = spied.run("plan", file, "--no-plugins")
        assert done.code == 1
        assert done.err.startswith(
            "error: m.yaml:2:10: spy:// needs a plugin, but plugins are switched off by --no-plugins"
        )


NEEDED = [
    ("s3://bucket/prefix", "s3:// needs mhsync-cloud: pip install ./plugins/mhsync-cloud"),
    ("gs://bucket/prefix", "gs:// needs mhsync-cloud: pip install ./plugins/mhsync-cloud"),
    ("az://account/container", "az:// needs mhsync-cloud: pip install ./plugins/mhsync-cloud"),
    ("sftp://me@host/path", "sftp:// needs mhsync-sftp: pip install ./plugins/mhsync-sftp"),
    ("fsspec+webdav://host", "fsspec+webdav:// needs mhsync-fsspec: pip install ./plugins/mhsync-fsspec"),
]
TARGETS = [
    ("slack://a/b/c", "slack:// needs mhsync-apprise: pip install ./plugins/mhsync-apprise"),
    ("mailto://a@example.com", "mailto:// needs mhsync-apprise: pip install ./plugins/mhsync-apprise"),
    ("webhook+https://x", "webhook+https:// needs mhsync-webhook: pip install ./plugins/mhsync-webhook"),
    ("webhook+http://127.0.0.1", "webhook+http:// needs mhsync-webhook: pip install ./plugins/mhsync-webhook"),
]


class TestMissing:
    @pytest.mark.parametrize(("url", "needed"), NEEDED, ids=[url for url, _ in NEEDED])
    @pytest.mark.parametrize("command", ["plan", "apply", "verify"])
    def test_a_storage_s_missing_plugin_is_named_with_what_installs_it(
        self, spied: Spied, command: str, url: str, needed: str
    ) -> None:
        file = spied.manifest(storage=url)
        text = spied.cli_runner.run(command, file, MHSYNC_PLUGINS=None)
        assert (text.code, text.out) == (1, "")
        assert text.err.splitlines()[0] == f"error: m.yaml:2:10: {needed}"
        form = spied.cli_runner.run(command, file, "--format", "json", MHSYNC_PLUGINS=None)
        (error,) = form.document["errors"]
        assert (error["message"], error["code"], error["line"]) == (needed, "storage_unavailable", 2)
        assert not spied.cli_runner.sandbox.requests.of(method="DELETE")

    @pytest.mark.parametrize(("url", "needed"), TARGETS, ids=[url for url, _ in TARGETS])
    def test_a_notifier_s_is_a_warning_of_apply_and_fails_nothing(
        self, spied: Spied, url: str, needed: str
    ) -> None:
        file = spied.manifest(storage="./outputs", notify=url)
        assert needed not in spied.cli_runner.run("plan", file, MHSYNC_PLUGINS=None).err
        done = spied.cli_runner.run("apply", file, "--format", "json", MHSYNC_PLUGINS=None)
        assert done.code == 0
        assert f"warning: m.yaml:3:10: {needed}" in done.err
        assert json.loads(done.out)["summary"]["downloaded"] == 1

    def test_plugins_that_are_switched_off_are_the_reason(self, spied: Spied) -> None:
        file = spied.manifest(storage="./outputs", notify="slack://a/b/c")
        for args, environ, switch in (
            (["--no-plugins"], {}, "--no-plugins"),
            ([], {"MHSYNC_PLUGINS": ""}, "MHSYNC_PLUGINS"),
        ):
            done = spied.cli_runner.run("apply", file, *args, **environ)
            assert done.code == 0
            assert f"slack:// needs a plugin, but plugins are switched off by {switch}" in done.err
            assert "apprise" not in done.err
