"""A plugin with a mistake in its hooks is reported by its name, and other plugins work."""

from __future__ import annotations

from tests.hooks.conftest import Environment, error_of


def test_a_misspelt_hook_is_reported_with_the_nearest_one(environment: Environment) -> None:
    error = error_of(
        environment,
        """
        @hookimpl
        def mhsync_chek_output(output): ...
        """,
    )
    assert error == "there is no hook mhsync_chek_output: did you mean mhsync_check_output?"


def test_a_hook_without_its_decorator_is_reported(environment: Environment) -> None:
    error = error_of(environment, "def mhsync_review_plan(plan): raise ValueError")
    assert error == "mhsync_review_plan lacks the decorator @mhsync.hookimpl"


def test_an_argument_that_the_hook_does_not_have_is_reported(environment: Environment) -> None:
    error = error_of(
        environment,
        """
        @hookimpl
        def mhsync_event(event, project): ...
        """,
    )
    assert "mhsync_event" in error
    assert "'project'" in error


def test_a_hook_wrapper_is_reported(environment: Environment) -> None:
    error = error_of(
        environment,
        """
        @hookimpl(wrapper=True)
        def mhsync_event(event): yield
        """,
    )
    assert error == "mhsync_event is a hook wrapper, which mhsync does not support"


def test_a_plugin_that_implements_no_hook_is_reported(environment: Environment) -> None:
    assert error_of(environment, "") == "the plugin implements no hook"
