"""The garbage collector is paused during a call, and afterwards it is as it was before."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from mhsync.loader.collection import pauses_collection


@pytest.fixture(autouse=True)
def _enabled_afterwards() -> Iterator[None]:
    yield
    gc.enable()


@pauses_collection
def state(value: int, *, fails: bool = False) -> tuple[bool, int]:
    if fails:
        raise KeyError
    return gc.isenabled(), value


def test_the_collector_is_paused_only_during_the_call():
    assert state(3) == (False, 3)
    assert gc.isenabled()


def test_it_is_enabled_again_after_an_exception():
    with pytest.raises(KeyError):
        state(3, fails=True)
    assert gc.isenabled()


def test_a_disabled_collector_stays_disabled():
    gc.disable()
    assert state(3) == (False, 3)
    assert not gc.isenabled()
