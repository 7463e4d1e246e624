"""The decorator makes what the standard library makes; each property is compared between the two."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from typing import Any, Generic, TypeVar

import pytest

from mhsync.dataclass import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    name: T
    size: int = 3
    items: list[int] = dataclasses.field(default_factory=list, hash=False)
    secret: str = dataclasses.field(default="", repr=False)
    note: str = dataclasses.field(default="", compare=False)
    by_name: int = dataclasses.field(default=1, kw_only=True)
    made: int = dataclasses.field(default=7, init=False)


@dataclass(slots=True)
class State:
    """A text of its own."""

    count: int = 0
    seen: set[str] = dataclasses.field(default_factory=set)
    total: int = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.total = self.count + 1


def standard(kind: type, **arguments: bool) -> Any:
    """The same class, made by the standard library."""
    names = [field.name for field in dataclasses.fields(kind)]
    body = {field.name: copied(field) for field in dataclasses.fields(kind)}
    own = {"__annotations__": dict.fromkeys(names, "object"), "__module__": __name__, "__doc__": kind.__doc__}
    if hasattr(kind, "__post_init__"):
        own["__post_init__"] = kind.__post_init__
    given = {name: field for name, field in body.items() if field is not None}
    return dataclasses.dataclass(slots=True, **arguments)(type(kind.__name__, (), {**own, **given}))


def copied(field):
    return dataclasses.field(
        default=field.default,
        default_factory=field.default_factory,
        init=field.init,
        repr=field.repr,
        hash=field.hash,
        compare=field.compare,
        kw_only=field.kw_only,
    )


StandardValue = standard(Value, frozen=True)
StandardState = standard(State)


def shown_arguments(kind):
    return [(each.name, each.kind, repr(each.default)) for each in inspect.signature(kind).parameters.values()]


@pytest.mark.parametrize(("kind", "other"), [(Value, StandardValue), (State, StandardState)])
def test_the_signature_the_text_and_the_slots_are_those_of_the_standard_library(kind, other):
    assert shown_arguments(kind) == shown_arguments(other)
    assert repr(kind(1)) == repr(other(1))
    assert kind.__slots__ == other.__slots__
    assert kind.__match_args__ == other.__match_args__
    assert kind.__doc__
    assert not hasattr(kind(1), "__dict__")


@pytest.mark.parametrize("kind", [Value, StandardValue])
def test_equality_and_hash(kind):
    assert kind("a") == kind("a", note="not compared")
    assert kind("a") != kind("b")
    assert kind("a") != "a"
    assert hash(kind("a")) == hash(kind("a", items=[1]))
    assert len({kind("a"), kind("a"), kind("a", size=4)}) == 2


@pytest.mark.parametrize("kind", [State, StandardState])
def test_a_value_that_can_change_has_no_hash(kind):
    with pytest.raises(TypeError, match="unhashable"):
        hash(kind())


@pytest.mark.parametrize("kind", [Value, StandardValue])
def test_a_frozen_value_cannot_be_changed(kind):
    value = kind("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        value.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
        del value.name


def test_a_frozen_value_gets_no_new_attribute():
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'new'"):
        Value("a").new = 1


@pytest.mark.parametrize("kind", [Value, StandardValue])
def test_arguments_are_checked(kind):
    for arguments in ((), ("a", 1, [], "", "", 5), ("a", 1, [], "", "", 5, 6)):
        with pytest.raises(TypeError):
            kind(*arguments)
    with pytest.raises(TypeError):
        kind("a", made=1)


def test_each_value_gets_a_new_default_from_a_factory():
    assert State().seen is not State().seen
    assert Value("a").items is not Value("a").items


@pytest.mark.parametrize("value", [Value("a", items=[1], secret="s"), State(5, {"a"})])
def test_the_functions_of_the_standard_library_accept_it(value):
    assert dataclasses.is_dataclass(value)
    assert dataclasses.replace(value) == value
    assert dataclasses.asdict(value) == {
        field.name: getattr(value, field.name) for field in dataclasses.fields(value)
    }
    assert copy.copy(value) == value
    assert copy.deepcopy(value) == value
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(value, protocol)) == value


def test_replace_changes_one_field_and_keeps_the_others():
    assert dataclasses.replace(Value("a", by_name=9), size=4) == Value("a", 4, by_name=9)
    assert dataclasses.replace(State(1), count=5).total == 6


def test_a_method_of_the_class_is_kept():
    @dataclass(frozen=True, slots=True)
    class Named:
        name: str

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 5

        def __repr__(self) -> str:
            return "a name"

    assert (Named("a") == Named("b"), hash(Named("a")), repr(Named("a"))) == (True, 5, "a name")


def test_a_class_of_the_standard_library_can_be_derived_from_it():
    @dataclasses.dataclass(frozen=True, slots=True)
    class Longer(Value):
        more: int = 5

    assert Longer("a", more=6).more == 6
    with pytest.raises(dataclasses.FrozenInstanceError):
        Longer("a").more = 7


def test_a_class_can_be_derived_and_its_own_attributes_set():
    class Free(Value):
        pass

    free = Free("a")
    free.other = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        free.name = "b"
    assert free != Value("a")


def test_without_slots_it_is_frozen_too():
    @dataclass(frozen=True)
    class Plain:
        name: str

    with pytest.raises(dataclasses.FrozenInstanceError):
        Plain("a").name = "b"
    assert Plain("a") == Plain("a")
    assert pickle.loads(pickle.dumps(State(1))) == State(1)


def test_a_value_that_contains_itself_can_be_shown():
    state = State()
    state.seen = [state]
    assert repr(state) == "State(count=0, seen=[...])"


def test_only_init_is_compiled():
    compiled = [
        name
        for name, method in vars(Value).items()
        if inspect.isfunction(method) and method.__code__.co_filename == "<string>"
    ]
    assert compiled == ["__init__"]
