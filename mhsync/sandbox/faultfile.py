"""Read faults from a YAML file. `docs/sandbox.md` describes its format and every fault."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import get_args, get_type_hints

from mhsync.sandbox.faults import FAULTS
from mhsync.sandbox.fields import Fields, read_document, read_file
from mhsync.sandbox.rules import Faults, Rate, Rule
from mhsync.sandbox.webhooks import WebhookFaults

METHODS = ("GET", "HEAD", "DELETE", "POST", "PUT", "PATCH", "OPTIONS")


def load_faults(path: Path) -> Faults:
    """The faults in a file.

    Raises:
        UsageError: the file cannot be read.
        ManifestError: the file is invalid; the error holds every problem.
    """
    return read_faults(read_file(path), str(path))


def faults_of(data: Mapping[str, object]) -> Faults:
    """The faults in a mapping that has the format of the file."""
    return read_faults(json.dumps(data, ensure_ascii=False).encode(), "<faults>")


def read_faults(text: bytes, file: str) -> Faults:
    """The faults in strict YAML; `file` is the name in messages."""
    return read_document(text, file, _faults)


def _faults(top: Fields) -> Faults:
    rules = [rule for fields in top.mappings("faults") if (rule := _rule(fields)) is not None]
    return Faults(*rules, rate=_rate(top), seed=top.integer("seed", 0), webhooks=_webhooks(top))


def _webhooks(top: Fields) -> WebhookFaults:
    fields = top.mapping("webhooks")
    if fields is None:
        return WebhookFaults()
    found = WebhookFaults(
        repeats=fields.integer("repeats", 0),
        reorder=fields.flag("reorder", False),
        delay=fields.number("delay", 0.0),
        forged=fields.integer("forged", 0),
    )
    fields.close()
    return found


def _rate(top: Fields) -> Rate | None:
    fields = top.mapping("rate") if top.is_mapping("rate") else None
    if fields is None:
        per_second = top.number("rate", None)
        return None if per_second is None else _checked_rate(top, Rate(per_second))
    rate = Rate(
        fields.number("per_second", 0.0),
        burst=fields.integer("burst", None, least=1),
        retry_after=fields.integer("retry_after", None),
    )
    fields.close()
    return _checked_rate(top, rate)


def _checked_rate(top: Fields, rate: Rate) -> Rate:
    if rate.per_second <= 0:
        top.wrong(
            "the rate is 0, so that no request is accepted",
            "write a number of requests per second above 0",
            "rate",
        )
    return rate


def _rule(fields: Fields) -> Rule | None:
    name = fields.choice("fault", None, tuple(FAULTS))
    if name is None:
        if "fault" not in fields:
            fields.wrong("a rule has no fault", f"write 'fault: …', one of {', '.join(FAULTS)}")
        return None
    kind = FAULTS[name]
    rule = Rule(
        kind(**_options(fields, kind)),
        host=fields.choice("host", None, ("api", "files")),
        method=fields.choice("method", None, METHODS),
        id=fields.text("id", None),
        nth=fields.integer("nth", None, least=1),
        skip=fields.integer("skip", 0),
        every=fields.integer("every", 1, least=1),
        times=fields.integer("times", None),
        probability=fields.number("probability", 1.0),
        each_id=fields.flag("each_id", False),
    )
    fields.close()
    return rule


def _options(fields: Fields, kind: object) -> dict[str, object]:
    """The options of a fault: the fields of its dataclass, read as their types."""
    assert dataclasses.is_dataclass(kind)
    hints = get_type_hints(kind)
    options: dict[str, object] = {}
    for field in dataclasses.fields(kind):
        if field.name in fields:
            options[field.name] = _option(fields, field.name, hints[field.name])
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            fields.wrong(f"this fault needs {field.name}", f"write '{field.name}: …'")
            options[field.name] = None
        else:
            fields.knows(field.name)
    return options


def _option(fields: Fields, name: str, hint: object) -> object:
    kinds = [kind for kind in get_args(hint) if kind is not NoneType] if isinstance(hint, UnionType) else [hint]
    readers: dict[object, Callable[[], object]] = {
        int: lambda: fields.size(name, 0) if name == "bytes" else fields.integer(name, 0),
        float: lambda: fields.number(name, 0.0),
        bool: lambda: fields.flag(name, False),
        str: lambda: fields.text(name, ""),
        tuple[str, ...]: lambda: fields.texts(name),
        Mapping[str, str]: lambda: _texts(fields, name),
        object: lambda: fields.value(name, None),
    }
    return readers[kinds[0]]()


def _texts(fields: Fields, name: str) -> dict[str, str]:
    inner = fields.mapping(name)
    if inner is None:
        return {}
    found = {key: inner.text(key, "") for key in inner.node.fields}
    inner.close()
    return found
