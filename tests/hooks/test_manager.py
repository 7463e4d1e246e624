"""Each hook is called as documented, and an exception is reported with the name of its plugin."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from mhsync import (
    Event,
    OutputRejected,
    Plan,
    PlanRefused,
    Project,
    Status,
    StorageError,
    StoredOutput,
    UsageError,
    hookimpl,
)
from mhsync.core.manifest import ManifestFile
from mhsync.errors import Interrupted, MhsyncError, PluginError, Position, StorageUnavailable
from mhsync.hooks.guarded_storage import GuardedStorage
from mhsync.hooks.manager import Hooks
from mhsync.storage.local import LocalStorage
from tests.hooks.conftest import Environment

PLAN = Plan("https://api.example.com")
PROJECT = Project("one", Status.COMPLETE, "complete")
OUTPUT = StoredOutput("one/output.wav", 3, "ab" * 32, "https://files.example.com/one/output.wav", "output.wav")
EVENT = Event("id", "run.started", "https://api.example.com", datetime(2026, 11, 1, tzinfo=UTC))


EMPTY = """
    @hookimpl
    def mhsync_event(event): ...
"""


def plugin(**hooks: Callable[..., object]) -> object:
    """A plugin of these implementations."""
    return SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})


def fails(*_: object) -> Any:
    raise RuntimeError("out of\npaper")


def manifest(storage: str, folder: Path | str = "/manifests", **options: object) -> ManifestFile:
    return ManifestFile(
        "m.yaml", str(folder), "", storage, storage_options=options, storage_position=Position("m.yaml", 2, 10)
    )


def serving(*schemes: str, factory: Callable[..., object]) -> object:
    return plugin(mhsync_storage_schemes=lambda: dict.fromkeys(schemes, factory))


class TestStorageSchemes:
    def test_mhsync_storage_schemes_gives_the_url_and_the_options_to_its_factory(self, tmp_path: Path) -> None:
        asked: list[tuple[str, Mapping[str, Any]]] = []

        def factory(url: str, options: Mapping[str, Any]) -> LocalStorage:
            asked.append((url, options))
            return LocalStorage(tmp_path)

        hooks = Hooks.of(mine=serving("mine", factory=factory))
        storage = hooks.open_storage(manifest("MINE://Bucket/a%20b?x#y", region="eu"))
        assert isinstance(storage, GuardedStorage)
        assert isinstance(storage.wrapped, LocalStorage)
        assert asked == [("MINE://Bucket/a%20b?x#y", {"region": "eu"})]

    def test_a_scheme_that_ends_in_plus_matches_every_scheme_with_that_beginning(self, tmp_path: Path) -> None:
        def opens(name: str) -> Callable[..., object]:
            return lambda url, options: LocalStorage(tmp_path / name)

        hooks = Hooks.of(all=serving("mine+", factory=opens("all")), one=serving("mine+dav", factory=opens("one")))
        for url, name in (("mine+ftp://x", "all"), ("mine+a+b://x", "all"), ("mine+dav://x", "one")):
            storage = hooks.open_storage(manifest(url))
            assert isinstance(storage, GuardedStorage)
            assert isinstance(storage.wrapped, LocalStorage)
            assert storage.wrapped.folder == tmp_path / name
        with pytest.raises(StorageUnavailable):
            hooks.open_storage(manifest("mine://x"))

    @pytest.mark.parametrize(
        ("storage", "folder"),
        [
            ("./outputs", "/manifests/outputs"),
            ("outputs/a b#c?d%41", "/manifests/outputs/a b#c?d%41"),
            (".", "/manifests"),
            ("/absolute", "/absolute"),
            ("./~", "/manifests/~"),
            ("./s3:bucket", "/manifests/s3:bucket"),
            ("日本語", "/manifests/日本語"),
            ("file:///absolute/a%20b", "/absolute/a b"),
            ("FILE://localhost/absolute", "/absolute"),
        ],
    )
    def test_a_folder_is_named_by_a_path_from_the_manifest_or_by_a_file_url(
        self, storage: str, folder: str
    ) -> None:
        opened = Hooks.load(enabled=False).open_storage(manifest(storage))
        assert isinstance(opened, GuardedStorage)
        assert isinstance(opened.wrapped, LocalStorage)
        assert str(opened.wrapped.folder) == folder

    @pytest.mark.parametrize(
        ("storage", "problem"),
        [
            ("~/outputs", "'~', which is not expanded"),
            ("s3:bucket", "begins with a scheme and is no URL"),
            ("my_store://bucket", "a URL whose scheme cannot be one"),
            ("://bucket", "a URL whose scheme cannot be one"),
            ("file://relative/path", "not a folder of this machine"),
            ("file://", "not a folder of this machine"),
            ("file:///a?b", r"neither \? nor #"),
            ("file:///a%00b", "NUL"),
            ("nul\0", "NUL"),
        ],
    )
    def test_a_text_that_names_no_folder_is_refused_with_its_position(self, storage: str, problem: str) -> None:
        with pytest.raises(UsageError, match=problem) as refused:
            Hooks.load(enabled=False).open_storage(manifest(storage))
        assert (refused.value.position.file, refused.value.position.line, refused.value.position.column) == (
            "m.yaml",
            2,
            10,
        )
        assert refused.value.exit_code == 2

    def test_a_folder_has_no_options(self) -> None:
        with pytest.raises(UsageError, match="no storage option 'region'"):
            Hooks.load(enabled=False).open_storage(manifest("./outputs", region="eu"))

    @pytest.mark.parametrize(
        ("url", "needed"),
        [
            ("s3://bucket", "s3:// needs mhsync-cloud: pip install ./plugins/mhsync-cloud"),
            ("gs://bucket", "gs:// needs mhsync-cloud: pip install ./plugins/mhsync-cloud"),
            ("az://bucket", "az:// needs mhsync-cloud: pip install ./plugins/mhsync-cloud"),
            ("sftp://host/path", "sftp:// needs mhsync-sftp: pip install ./plugins/mhsync-sftp"),
            ("fsspec+webdav://host", "fsspec+webdav:// needs mhsync-fsspec: pip install ./plugins/mhsync-fsspec"),
        ],
    )
    def test_a_missing_package_is_named(self, url: str, needed: str) -> None:
        with pytest.raises(StorageUnavailable) as refused:
            Hooks.of().open_storage(manifest(url))
        assert refused.value.message == needed
        assert (refused.value.position.file, refused.value.position.line, refused.value.exit_code) == (
            "m.yaml",
            2,
            1,
        )

    @pytest.mark.parametrize(
        ("chosen", "message", "hint"),
        [
            ({"enabled": False}, "plugins are switched off by --no-plugins", "omit --no-plugins"),
            ({"only": []}, "plugins are switched off by MHSYNC_PLUGINS", "unset it"),
            ({"only": ["mhsync-other"]}, "MHSYNC_PLUGINS does not list it", "add mhsync-cloud to MHSYNC_PLUGINS"),
        ],
        ids=["--no-plugins", "MHSYNC_PLUGINS=", "MHSYNC_PLUGINS=mhsync-other"],
    )
    def test_a_package_that_is_switched_off_is_named_with_the_switch(
        self, environment: Environment, chosen: dict[str, Any], message: str, hint: str
    ) -> None:
        environment.install("mhsync-cloud", "raise AssertionError('imported')")
        environment.install("mhsync-other", EMPTY)
        with pytest.raises(StorageUnavailable) as refused:
            Hooks.load(**chosen).open_storage(manifest("s3://bucket"))
        assert refused.value.message == f"s3:// needs mhsync-cloud, but {message}"
        assert hint in (refused.value.hint or "")

    def test_no_package_is_named_for_an_unknown_scheme_while_plugins_are_switched_off(self) -> None:
        with pytest.raises(StorageUnavailable) as refused:
            Hooks.load(enabled=False).open_storage(manifest("shelf://x"))
        assert refused.value.message == "shelf:// needs a plugin, but plugins are switched off by --no-plugins"

    def test_a_broken_package_is_named_with_the_reason(self, environment: Environment) -> None:
        environment.install("mhsync-cloud", "import obstore_that_is_not_installed")
        with pytest.raises(
            StorageUnavailable, match="needs mhsync-cloud, which is broken: .*obstore_that_is_not_installed"
        ):
            Hooks.load().open_storage(manifest("s3://bucket"))

    def test_an_unknown_scheme_is_reported_with_the_known_ones_and_the_broken_plugins(
        self, environment: Environment
    ) -> None:
        environment.install("mhsync-ftp", "import a_module_that_is_not_installed")
        with pytest.raises(
            StorageUnavailable, match="no plugin serves storages under ftp://; mhsync-ftp is broken"
        ) as refused:
            Hooks.load().open_storage(manifest("ftp://host"))
        assert "file" in (refused.value.hint or "")

    def test_a_scheme_that_two_plugins_serve_is_served_by_neither(self, tmp_path: Path) -> None:
        def factory(url: str, options: Mapping[str, Any]) -> LocalStorage:
            return LocalStorage(tmp_path)

        hooks = Hooks.of(one=serving("same", "own", factory=factory), two=serving("same", factory=factory))
        with pytest.raises(PluginError, match="one and two both serve same://") as refused:
            hooks.open_storage(manifest("same://x"))
        assert refused.value.position.file == "m.yaml"
        assert isinstance(hooks.open_storage(manifest("own://x")), GuardedStorage)

    @pytest.mark.parametrize(
        ("error", "kind", "problem"),
        [
            (RuntimeError("out of\npaper"), StorageUnavailable, "RuntimeError: out of paper"),
            (StorageError("no such bucket", hint="make it"), StorageUnavailable, "no such bucket"),
            (UsageError("no such option", hint="leave it out"), UsageError, "no such option"),
            (SystemExit(3), StorageUnavailable, "SystemExit: 3"),
        ],
        ids=["anything", "ours", "usage", "exit"],
    )
    def test_a_factory_that_fails_is_named(
        self, error: BaseException, kind: type[MhsyncError], problem: str
    ) -> None:
        def factory(url: str, options: Mapping[str, Any]) -> None:
            raise error

        with pytest.raises(kind) as refused:
            Hooks.of(mine=serving("mine", factory=factory)).open_storage(
                manifest("mine://me:pass@host/path?token=t")
            )
        assert refused.value.message == f"cannot open the storage mine://me@host/path (plugin mine): {problem}"
        assert refused.value.hint == getattr(error, "hint", None)
        assert refused.value.position.line == 2

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("mine:///a/b", "mine:///a/b"),
            ("mine://me:p@ss@host:22/a?key=k#part", "mine://me@host:22/a"),
            ("MINE://Host", "mine://Host"),
            ("mine://[", "mine://…"),
        ],
    )
    def test_a_storage_s_url_is_shown_without_what_may_be_secret(self, url: str, shown: str) -> None:
        with pytest.raises(StorageUnavailable) as refused:
            Hooks.of(mine=serving("mine", factory=fails)).open_storage(manifest(url))
        assert refused.value.message.startswith(f"cannot open the storage {shown} (plugin mine): ")

    def test_ctrl_c_in_a_factory_is_not_a_failure_of_the_plugin(self) -> None:
        def factory(url: str, options: Mapping[str, Any]) -> None:
            raise Interrupted("stopped")

        with pytest.raises(Interrupted):
            Hooks.of(mine=serving("mine", factory=factory)).open_storage(manifest("mine://x"))

    def test_a_factory_that_returns_no_storage_is_reported(self) -> None:
        with pytest.raises(PluginError, match="mine: the factory of mine:// returned a dict, not a Storage"):
            Hooks.of(mine=serving("mine", factory=lambda url, options: {})).open_storage(manifest("mine://x"))


class RecordingNotifier:
    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        self.given = (url, options)

    def notify(self, event: Event) -> None: ...


def notifying(*schemes: str, factory: Callable[..., object] = RecordingNotifier) -> object:
    return plugin(mhsync_notifier_schemes=lambda: dict.fromkeys(schemes, factory))


class TestNotifierSchemes:
    def test_mhsync_notifier_schemes_gives_the_url_and_the_options_to_its_factory(self) -> None:
        name, notifier = Hooks.of(mine=notifying("mine")).open_notifier("mine://key@host", {"a": 1})
        assert name == "mine"
        assert isinstance(notifier, RecordingNotifier)
        assert notifier.given == ("mine://key@host", {"a": 1})

    def test_the_fallback_serves_schemes_that_no_other_plugin_serves(self) -> None:
        hooks = Hooks.of(all=notifying("*"), some=notifying("web+"), one=notifying("web+x"))
        served = [hooks.open_notifier(f"{scheme}://x", {})[0] for scheme in ("slack", "web+y", "web+x")]
        assert served == ["all", "some", "one"]

    @pytest.mark.parametrize(
        ("url", "needed"),
        [
            ("webhook+https://x", "webhook+https:// needs mhsync-webhook: pip install ./plugins/mhsync-webhook"),
            ("webhook+http://x", "webhook+http:// needs mhsync-webhook: pip install ./plugins/mhsync-webhook"),
            ("slack://T0KEN/secret", "slack:// needs mhsync-apprise: pip install ./plugins/mhsync-apprise"),
        ],
    )
    def test_a_missing_package_is_named(self, url: str, needed: str) -> None:
        with pytest.raises(PluginError) as refused:
            Hooks.of().open_notifier(url, {})
        assert refused.value.message == needed

    @pytest.mark.parametrize(
        ("chosen", "switch"), [({"enabled": False}, "--no-plugins"), ({"only": []}, "MHSYNC_PLUGINS")]
    )
    def test_switched_off_plugins_are_the_reason_and_apprise_is_not(
        self, chosen: dict[str, Any], switch: str
    ) -> None:
        hooks = Hooks.load(**chosen)
        for url, needed in (("slack://x", "a plugin"), ("webhook+https://x", "mhsync-webhook")):
            with pytest.raises(PluginError) as refused:
                hooks.open_notifier(url, {})
            scheme = url.partition(":")[0]
            assert refused.value.message == f"{scheme}:// needs {needed}, but plugins are switched off by {switch}"

    def test_plugins_that_are_not_listed_are_named_where_one_may_serve_the_scheme(
        self, environment: Environment
    ) -> None:
        environment.install("mhsync-listed", EMPTY)
        environment.install("mhsync-pager", "raise AssertionError('imported')")
        with pytest.raises(PluginError, match="MHSYNC_PLUGINS does not list .*mhsync-pager") as refused:
            Hooks.load(only=["mhsync-listed"]).open_notifier("pager://x", {})
        assert "apprise" not in refused.value.message

    def test_a_scheme_that_a_broken_plugin_may_serve_is_reported_with_that_plugin(self) -> None:
        hooks = Hooks.of(mine=plugin(mhsync_notifier_schemes=fails))
        with pytest.raises(PluginError) as refused:
            hooks.open_notifier("mine://x", {})
        assert refused.value.message == (
            "mine:// needs mhsync-apprise: pip install ./plugins/mhsync-apprise; "
            "mine is broken: mhsync_notifier_schemes failed: RuntimeError: out of paper"
        )
        with pytest.raises(PluginError, match=r"pip install \./plugins/mhsync-webhook$"):
            hooks.open_notifier("webhook+https://x", {})

    def test_only_the_scheme_of_the_url_is_shown(self) -> None:
        def factory(url: str, options: Mapping[str, Any]) -> None:
            raise ValueError(f"cannot use {url}: the token s3cret/t0ken of bob@host is unknown")

        with pytest.raises(PluginError) as refused:
            Hooks.of(mine=notifying("mine", factory=factory)).open_notifier("mine://bob:s3cret@host/t0ken?k=v", {})
        assert refused.value.message.startswith(
            "mine: cannot open the notify target mine://…: ValueError: cannot use mine://…"
        )
        for secret in ("s3cret", "t0ken", "host"):
            assert secret not in refused.value.message
        assert refused.value.__cause__ is None

    def test_a_text_that_is_not_a_url_is_refused_and_not_shown(self) -> None:
        with pytest.raises(PluginError) as refused:
            Hooks.of(mine=notifying("*")).open_notifier("s3cret", {})
        assert "s3cret" not in refused.value.message

    def test_a_factory_that_returns_no_notifier_is_reported(self) -> None:
        hooks = Hooks.of(mine=notifying("mine", factory=lambda url, options: object()))
        with pytest.raises(PluginError, match="mine: the factory of mine:// returned a object, not a Notifier"):
            hooks.open_notifier("mine://x", {})

    def test_a_scheme_that_two_plugins_serve_is_served_by_neither(self) -> None:
        hooks = Hooks.of(one=notifying("*"), two=notifying("*"))
        with pytest.raises(PluginError, match=r"one and two both serve \*://"):
            hooks.open_notifier("slack://x", {})


class TestReviewPlan:
    def test_mhsync_review_plan_sees_the_plan(self) -> None:
        seen: list[Plan] = []
        Hooks.of(mine=plugin(mhsync_review_plan=lambda plan: seen.append(plan))).review_plan(PLAN)
        assert seen == [PLAN]

    def test_a_veto_names_the_plugin_and_its_reason(self) -> None:
        def veto(plan: Plan) -> None:
            raise PlanRefused("not on a Friday", hint="wait")

        with pytest.raises(PlanRefused) as refused:
            Hooks.of(mine=plugin(mhsync_review_plan=veto)).review_plan(PLAN)
        assert refused.value.message == "mine refused the plan: not on a Friday"
        assert (refused.value.hint, refused.value.exit_code) == ("wait", 3)

    def test_a_plugin_that_fails_vetoes_too_and_all_reasons_are_reported(self) -> None:
        def veto(plan: Plan) -> None:
            raise PlanRefused("no")

        with pytest.raises(PlanRefused) as refused:
            Hooks.of(a=plugin(mhsync_review_plan=fails), b=plugin(mhsync_review_plan=veto)).review_plan(PLAN)
        assert refused.value.message == (
            "a failed to review the plan: RuntimeError: out of paper; b refused the plan: no"
        )


class TestCheckOutput:
    def check(self, hooks: Hooks, file: Path = Path("/tmp/file")) -> dict[str, Any]:
        return hooks.check_output(PROJECT, OUTPUT, file)

    def test_mhsync_check_output_sees_the_file_and_its_facts_are_kept(self, tmp_path: Path) -> None:
        seen: list[object] = []

        def check(project: Project, output: StoredOutput, file: Path) -> dict[str, object]:
            seen.extend((project, output, file))
            return {"duration": 1.5, "channels": (1, 2)}

        hooks = Hooks.of(mine=plugin(mhsync_check_output=check))
        assert hooks.has_checks
        assert self.check(hooks, tmp_path) == {"duration": 1.5, "channels": [1, 2]}
        assert seen == [PROJECT, OUTPUT, tmp_path]

    def test_facts_of_several_plugins_are_merged_and_none_is_allowed(self) -> None:
        hooks = Hooks.of(
            a=plugin(mhsync_check_output=lambda: {"a": 1, "both": "a"}),
            b=plugin(mhsync_check_output=lambda: None),
            c=plugin(mhsync_check_output=lambda file: {"c": 3, "both": "c"}),
        )
        assert self.check(hooks) == {"a": 1, "c": 3, "both": "c"}

    def test_without_checks_there_is_nothing_to_check(self) -> None:
        hooks = Hooks.of(mine=plugin(mhsync_event=lambda event: None))
        assert not hooks.has_checks
        assert self.check(hooks) == {}

    def test_a_rejection_names_the_plugin_and_the_file(self) -> None:
        def reject(output: StoredOutput) -> None:
            raise OutputRejected("it is silence", hint="listen")

        with pytest.raises(OutputRejected) as rejected:
            self.check(Hooks.of(mine=plugin(mhsync_check_output=reject)))
        assert rejected.value.message == "mine rejected one/output.wav: it is silence"
        assert (rejected.value.hint, rejected.value.id) == ("listen", "one")

    def test_a_plugin_that_fails_rejects_the_file(self) -> None:
        with pytest.raises(
            OutputRejected, match=r"^mine failed to check one/output\.wav: RuntimeError: out of paper$"
        ):
            self.check(Hooks.of(mine=plugin(mhsync_check_output=fails)))

    @pytest.mark.parametrize(
        "facts",
        [{"a": float("nan")}, {"a": object()}, ["a"], 1, {"a": {1, 2}}],
        ids=["nan", "object", "list", "int", "set"],
    )
    def test_facts_that_a_receipt_cannot_keep_reject(self, facts: object) -> None:
        with pytest.raises(OutputRejected, match="mine failed to check"):
            self.check(Hooks.of(mine=plugin(mhsync_check_output=lambda: facts)))

    def test_many_threads_may_check_at_once(self) -> None:
        inside = threading.Barrier(4)
        hooks = Hooks.of(mine=plugin(mhsync_check_output=lambda: {"n": inside.wait(60)}))
        found: list[int] = []
        threads = [threading.Thread(target=lambda: found.append(self.check(hooks)["n"])) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == [0, 1, 2, 3]


class TestEvent:
    def test_mhsync_event_reaches_all_plugins_and_those_that_fail_are_named(self) -> None:
        received: list[str] = []
        hooks = Hooks.of(
            a=plugin(mhsync_event=lambda event: received.append(f"a {event.id}")),
            b=plugin(mhsync_event=fails),
            c=plugin(mhsync_event=lambda event: received.append(f"c {event.id}")),
        )
        errors = hooks.event(EVENT)
        assert received == ["a id", "c id"]
        assert [error.message for error in errors] == ["b: mhsync_event failed: RuntimeError: out of paper"]

    def test_sys_exit_in_a_plugin_does_not_end_the_program(self) -> None:
        def leave(event: Event) -> None:
            raise SystemExit(0)

        (error,) = Hooks.of(mine=plugin(mhsync_event=leave)).event(EVENT)
        assert error.message == "mine: mhsync_event failed: SystemExit: 0"

    def test_a_ctrl_c_is_not_swallowed(self) -> None:
        def interrupted(event: Event) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Hooks.of(mine=plugin(mhsync_event=interrupted)).event(EVENT)


class TestCommands:
    def test_mhsync_commands_adds_to_the_group(self) -> None:
        group = click.Group("mhsync")
        hooks = Hooks.of(
            a=plugin(mhsync_commands=fails),
            b=plugin(mhsync_commands=lambda group: group.add_command(click.Command("more"))),
        )
        errors = hooks.add_commands(group)
        assert list(group.commands) == ["more"]
        assert [error.message for error in errors] == ["a: mhsync_commands failed: RuntimeError: out of paper"]


def test_the_order_is_that_of_names_unless_a_plugin_asks_otherwise(environment: Environment) -> None:
    for name, mark in (("mhsync-c", ""), ("mhsync-a", ""), ("mhsync-b", "(tryfirst=True)")):
        environment.install(
            name,
            f"""
            @hookimpl{mark}
            def mhsync_event(event): event.append({name!r})
            """,
        )
    received: Any = []
    Hooks.load(only=["mhsync-a", "mhsync-b", "mhsync-c"]).event(received)
    assert received == ["mhsync-b", "mhsync-a", "mhsync-c"]


def test_a_plugin_that_raises_in_every_hook_affects_only_those_calls(tmp_path: Path) -> None:
    names = ("storage_schemes", "notifier_schemes", "review_plan", "check_output", "event", "commands")
    hooks = Hooks.of(bad=plugin(**{f"mhsync_{name}": fails for name in names}))
    hooks.require_loaded()
    assert isinstance(hooks.open_storage(manifest("./outputs", tmp_path)), GuardedStorage)
    asked: list[Callable[[], object]] = [
        lambda: hooks.review_plan(PLAN),
        lambda: hooks.check_output(PROJECT, OUTPUT, tmp_path),
    ]
    for ask in asked:
        with pytest.raises(MhsyncError, match="^bad failed to "):
            ask()
    assert len(hooks.event(EVENT)) == 1
    assert len(hooks.add_commands(click.Group("mhsync"))) == 1
    assert hooks.plugins[1].error == "mhsync_storage_schemes failed: RuntimeError: out of paper"
