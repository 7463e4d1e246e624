"""Errors of urllib3 are translated in one place, without their text."""

from __future__ import annotations

import inspect

import pytest
import urllib3.exceptions as foreign

from mhsync.api.address import Address
from mhsync.api.transport_errors import MAPPING, translate_error
from mhsync.errors import ConnectionFailed, ResponseInvalid

ADDRESS = Address.parse("https://files.example.test/a.wav?sig=5ecre7")


def foreign_errors() -> list[type[Exception]]:
    found = [kind for _, kind in inspect.getmembers(foreign, inspect.isclass) if issubclass(kind, Exception)]
    return [kind for kind in found if not issubclass(kind, Warning) and kind.__module__.startswith("urllib3")]


def bare(kind: type[Exception]) -> Exception:
    """An error of this kind, without its constructor."""
    error = kind.__new__(kind)
    error.args = ("https://files.example.test/a.wav?sig=5ecre7",)
    if kind is foreign.MaxRetryError:
        error.reason = foreign.ReadTimeoutError(None, "/a.wav?sig=5ecre7", "?sig=5ecre7")
    return error


@pytest.mark.parametrize("kind", foreign_errors(), ids=lambda kind: kind.__name__)
def test_every_error_of_urllib3_is_translated_without_its_text(kind: type[Exception]):
    if kind is not foreign.HTTPError and kind is not foreign.MaxRetryError:
        assert any(issubclass(kind, known) for known, _, _ in MAPPING if known not in (OSError, ValueError)), (
            f"{kind.__name__} is new: give it a line in the mapping"
        )

    error = translate_error(bare(kind), ADDRESS)

    assert isinstance(error, ConnectionFailed | ResponseInvalid)
    assert error.message.startswith("https://files.example.test: ")
    assert "5ecre7" not in repr(error) + str(error.hint)


def test_every_line_of_the_mapping_can_be_reached():
    """A line after the line of a base class would never be used."""
    for position, (kind, _, words) in enumerate(MAPPING):
        before = [known for known, _, _ in MAPPING[:position]]
        assert not any(issubclass(kind, known) for known in before), f"{kind.__name__} ({words}) is never reached"
