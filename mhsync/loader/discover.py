"""The key `discover` of a manifest."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from mhsync.core.manifest import Discover, State
from mhsync.core.template import check_template
from mhsync.errors import Position
from mhsync.loader.problems import Problems
from mhsync.loader.yaml_nodes import ListNode, MapNode, Scalar

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_discover(root: MapNode, path: str, file: str, problems: Problems) -> Discover | None:
    """The rule under `discover`; None if there is none, or the schema has refused it.

    Args:
        root: the file.
        path: the path template of the file, for a rule without its own.
        file: its name, for messages.
        problems: takes what the schema cannot check.
    """
    node = root.fields.get("discover")
    if not isinstance(node, MapNode):
        return None
    state = _text(node, "state")
    own_path, since = _text(node, "path"), _text(node, "since")
    types = node.fields.get("types")
    if own_path is not None:
        for problem in check_template(own_path.text):
            problems.put(problem, own_path)
    return Discover(
        # Only these two states delete nothing that was not stored first; the schema refuses others.
        state=State.ARCHIVED if state is not None and state.text == State.ARCHIVED.value else State.DOWNLOADED,
        path=path if own_path is None else own_path.text,
        types=tuple(item.text for item in types.items if isinstance(item, Scalar))
        if isinstance(types, ListNode)
        else (),
        since=None if since is None else _day(since, problems),
        position=Position(file, node.line, node.column),
    )


def _day(node: Scalar, problems: Problems) -> datetime | None:
    """The beginning of a day, in UTC."""
    if _DAY.fullmatch(node.text) is None:
        return None  # The schema has refused it.
    try:
        return datetime.fromisoformat(node.text).replace(tzinfo=UTC)
    except ValueError:
        problems.add("discover_since", "'since' is not a day", "write for example 'since: 2026-01-01'", node)
        return None


def _text(node: MapNode, name: str) -> Scalar | None:
    found = node.fields.get(name)
    return found if isinstance(found, Scalar) and isinstance(found.value, str) and found.text else None
