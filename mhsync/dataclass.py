"""`dataclass`: the decorator of the standard library, with methods that take less time to make.

The standard library compiles six functions for each class, in about 0.5 ms. A plan of one project imports about a
hundred of these classes, which was a quarter of its time. Here only `__init__` is compiled. The other methods are
closures over the names of the fields. The results are dataclasses: `fields`, `replace`, `asdict` and
`is_dataclass` accept them, and a type checker sees the decorator of the standard library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

_Fields = tuple[dataclasses.Field[Any], ...]


def _dataclass(
    *,
    init: bool = True,
    repr: bool = True,  # noqa: A002 - as in the standard library
    eq: bool = True,
    frozen: bool = False,
    slots: bool = False,
) -> Callable[[type], Any]:
    """Make a dataclass; see `dataclasses.dataclass`. Other arguments and `InitVar` are not supported."""

    def make(cls: type) -> Any:
        # Without a text, the standard library inspects the signature to write one.
        cls.__doc__ = cls.__doc__ or cls.__name__
        made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
        params = made.__dataclass_params__
        params.init, params.repr, params.eq, params.frozen = init, repr, eq, frozen
        fields = dataclasses.fields(made)
        methods: dict[str, Any] = {}
        if init:
            methods["__init__"] = _init(made, fields, is_frozen=frozen)
        if repr:
            methods["__repr__"] = _repr([field.name for field in fields if field.repr])
        if eq:
            methods |= _comparison(fields, is_frozen=frozen)
        if frozen:
            methods |= _frozen(made, frozenset(field.name for field in fields), has_slots=slots)
        _add(made, methods, has_own_hash=cls.__dict__.get("__hash__") is not None)
        return made

    return make


def _add(cls: type, methods: dict[str, Any], *, has_own_hash: bool) -> None:
    """Add the methods that the class does not define."""
    for name, method in methods.items():
        if has_own_hash if name == "__hash__" else name in cls.__dict__:
            continue
        if method is not None and name not in ("__getstate__", "__setstate__"):
            method.__name__, method.__qualname__, method.__module__ = (
                name,
                f"{cls.__qualname__}.{name}",
                cls.__module__,
            )
        setattr(cls, name, method)


class _Factory:
    """The default of an argument whose value a factory makes, as a signature shows it."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()


def _init(cls: type, fields: _Fields, *, is_frozen: bool) -> Callable[..., None]:
    names: dict[str, Any] = {"_factory": _FACTORY, "_set": object.__setattr__}
    lines = []
    for field in fields:
        value = _value(field, names)
        if value is None:
            continue
        member: Any = getattr(cls, field.name, None)
        if not is_frozen:
            lines.append(f" self.{field.name} = {value}")
        elif hasattr(member, "__set__"):
            # The descriptor of a slot takes half of the time of `object.__setattr__`.
            names[f"_set_{field.name}"] = member.__set__
            lines.append(f" _set_{field.name}(self, {value})")
        else:
            lines.append(f" _set(self, {field.name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    arguments = ", ".join(["self", *_arguments(fields)])
    exec("\n".join([f"def __init__({arguments}):", *(lines or [" pass"])]), names)  # noqa: S102 - names of the source
    made: Callable[..., None] = names["__init__"]
    made.__annotations__ = {**{field.name: field.type for field in fields if field.init}, "return": None}
    return made


def _value(field: dataclasses.Field[Any], names: dict[str, Any]) -> str | None:
    """The expression of the value of a field in `__init__`, or None if it gets no value there.

    Args:
        names: gets what the expression and the default of the argument need.
    """
    if field.default_factory is not dataclasses.MISSING:
        names[f"_new_{field.name}"] = field.default_factory
        new = f"_new_{field.name}()"
        return f"{new} if {field.name} is _factory else {field.name}" if field.init else new
    if field.default is not dataclasses.MISSING:
        names[f"_default_{field.name}"] = field.default
        return field.name if field.init else f"_default_{field.name}"
    return field.name if field.init else None


def _arguments(fields: _Fields) -> Iterator[str]:
    given = [field for field in fields if field.init]
    for field in (field for field in given if not field.kw_only):
        yield _argument(field)
    by_name = [field for field in given if field.kw_only]
    if by_name:
        yield "*"
        yield from map(_argument, by_name)


def _argument(field: dataclasses.Field[Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        return f"{field.name}=_factory"
    return field.name if field.default is dataclasses.MISSING else f"{field.name}=_default_{field.name}"


def _repr(names: Sequence[str]) -> Callable[[Any], str]:
    def show(self: Any) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({shown})"

    return recursive_repr()(show)


def _comparison(fields: _Fields, *, is_frozen: bool) -> dict[str, Any]:
    compared = _values([field.name for field in fields if field.compare])

    def is_equal(self: Any, other: object) -> Any:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    if not is_frozen:
        return {"__eq__": is_equal, "__hash__": None}
    hashed = _values([field.name for field in fields if (field.compare if field.hash is None else field.hash)])

    def hash_of(self: Any) -> int:
        return hash(hashed(self))

    return {"__eq__": is_equal, "__hash__": hash_of}


def _values(names: Sequence[str]) -> Callable[[Any], Any]:
    """Gives the values of these attributes, as one value that can be compared and hashed."""
    return attrgetter(*names) if names else lambda _: ()


def _frozen(cls: type[Any], names: frozenset[str], *, has_slots: bool) -> dict[str, Any]:
    def refuse_set(self: Any, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def refuse_delete(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    methods: dict[str, Any] = {"__setattr__": refuse_set, "__delattr__": refuse_delete}
    # To copy and to pickle an object: the default assigns its attributes.
    return methods | {"__getstate__": _state, "__setstate__": _set_state} if has_slots else methods


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    dataclass = _dataclass
