"""An exception of a plugin is reported on one short line, without the secret URL."""

from __future__ import annotations

import pytest

from mhsync.errors import Interrupted, StorageError
from mhsync.hooks.invoke import attempt, attempt_on_thread, one_line, redact_url, single_line


def test_an_exception_comes_back_as_a_value() -> None:
    error = KeyError("x")

    def fail() -> None:
        raise error

    assert attempt(fail) is error
    assert attempt(lambda: 5) == 5


@pytest.mark.parametrize("kind", [KeyboardInterrupt, Interrupted])
def test_an_interrupt_is_not_caught(kind: type[BaseException]) -> None:
    def stop() -> None:
        raise kind("stop")

    with pytest.raises(kind):
        attempt(stop)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("a\n  b\tc"), "ValueError: a b c"),
        (ValueError(), "ValueError"),
        (StorageError("our own words"), "our own words"),
        (ValueError("\x1b[31mred"), "ValueError: \N{REPLACEMENT CHARACTER}[31mred"),
    ],
    ids=["lines", "empty", "ours", "escape"],
)
def test_an_exception_is_shown_on_one_line(error: Exception, text: str) -> None:
    assert one_line(error) == text


def test_a_long_text_is_cut() -> None:
    assert len(single_line("x" * 10_000)) == 300
    assert single_line("x" * 10_000).endswith("x…")


@pytest.mark.parametrize(
    ("text", "url", "expected"),
    [
        ("cannot reach a://b/c", "a://b/c", "cannot reach a://…"),
        ("bad token t0ken-1", "a://t0ken-1@host", "bad token …"),
        ("t0ken, then t0ken/more", "a://t0ken/more?key=t0kenmore", "…, then …/…"),
        ("password p@ss/word", "a://me:p%40ss%2Fword@host", "password …"),
        ("is in it", "a://is/in", "is in it"),
    ],
)
def test_a_secret_url_is_redacted(text: str, url: str, expected: str) -> None:
    assert redact_url(text, url) == expected


@pytest.mark.parametrize("kind", [KeyboardInterrupt, Interrupted, SystemExit, RuntimeError])
def test_nothing_that_a_plugin_raises_ends_the_thread_of_the_notifications(kind: type[BaseException]) -> None:
    def fails() -> None:
        raise kind("stop")

    assert isinstance(attempt_on_thread(fails), kind)
    assert attempt_on_thread(lambda: 3) == 3
