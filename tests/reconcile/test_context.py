"""attempt: the error of one project is a value, so that the work on other projects continues."""

from __future__ import annotations

import pytest

from mhsync.errors import MhsyncError, StorageError
from mhsync.reconcile.context import Stop, attempt
from tests.reconcile.fixture import complete, outcomes


def raises(error: BaseException):
    def work():
        raise error

    return work


def test_the_result_and_errors_of_mhsync_pass_unchanged():
    error = StorageError("the disk is full", hint="free some space")
    assert attempt("one", lambda: 3) == 3
    assert attempt("one", raises(error)) is error


def test_an_unexpected_exception_becomes_an_error_with_one_line_and_no_query():
    error = attempt("one", raises(KeyError("first\nsecond https://files.example/a.wav?token=SECRET")))
    assert isinstance(error, MhsyncError)
    assert error.message.startswith("KeyError: ")
    assert "\n" not in error.message
    assert "SECRET" not in error.message
    assert (error.id, error.hint) == ("one", "run again with -vv for the traceback")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_what_ends_the_process_is_not_caught(error):
    with pytest.raises(type(error)):
        attempt("one", raises(error))


def test_a_defect_in_the_work_of_one_project_stops_no_other(reconcile_fixture, monkeypatch):
    from mhsync.reconcile import publish

    real = publish.Publisher.conclude

    def conclude(self, outputs, change):
        if outputs[0].path.startswith("bad/"):
            raise ZeroDivisionError("a defect")
        return real(self, outputs, change)

    monkeypatch.setattr(publish.Publisher, "conclude", conclude)
    fixture = reconcile_fixture(complete("bad"), complete("good"))
    report = fixture.apply({"bad": "archived", "good": "archived"})
    assert outcomes(report) == {"bad": "failed", "good": "archived"}
    assert fixture.sent("DELETE") == ["good"]


def test_stop_wakes_up_a_sleeping_thread():
    stop = Stop()
    assert not stop()
    assert not stop.sleep(0)
    stop.request()
    assert stop()
    assert stop.sleep(60)
