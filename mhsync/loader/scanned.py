"""The entries of a project list that were read by a pattern, without a tree of nodes.

A manifest with a million projects repeats one form a million times. The scanners (`yaml_scan`, `json_scan`)
recognise the common forms of an entry by a regular expression. They take such entries out of the text and leave
their line breaks, so that the parser reads the rest at the same positions. What is not certainly a valid entry is
left to the parser, which reports what is wrong with it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from mhsync.core.manifest import Entry, Retention, State
from mhsync.core.template import check_template
from mhsync.errors import Position
from mhsync.loader.yaml_nodes import Key, ListNode, MapNode, Node, plain_value, reads_as

STATES = "|".join(state.value for state in State)
ID = "[A-Za-z0-9_][A-Za-z0-9_-]{0,127}"
_STATE_OF = {text: state for state in State for text in (state.value, f"'{state.value}'", f'"{state.value}"')}
_SURELY_TEXT = 6
"""An unquoted id of this many characters that begins with a letter is a text in every version of YAML: no other
word, such as `false`, has as many."""


class ScannedProjects:
    """The entries that were read, in compact form, and the text that is left for the parser.

    Attributes:
        rest: the text without the entries; it has the same lines.
        key: the position of the key `projects` as the scanner understood the text.
        list_at: the position of the list that is left in `rest`.
        is_empty: whether the list that is left in `rest` is empty.
        takes_errors: whether a syntax error in `rest` has the position that it has in the whole text.
    """

    def __init__(self, key: Key) -> None:
        self.rest = ""
        self.key = key
        self.list_at = key
        self.is_empty = True
        self.takes_errors = False
        self._ids: list[str] = []
        self._states: list[State | None] = []
        self._paths: list[str | None] = []
        self._lines = array("L")
        self._columns = array("L")
        self._known_paths: dict[str, str | None] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, id_: str, state: str | None, path: str | None, line: int, column: int) -> bool:
        """Take an entry.

        Args:
            id_: a valid id that is a text.
            state: as written, with its quotes; None where the entry has none.
            path: as written, with its quotes; None where the entry has none.
            line: of the id.
            column: of the id, its quote included.

        Returns:
            False if the path is not valid: the entry was not taken.
        """
        if path is not None:
            text = self._path(path)
            if text is None:
                return False
            path = text
        self._ids.append(id_)
        self._states.append(None if state is None else _STATE_OF[state])
        self._paths.append(path)
        self._lines.append(line)
        self._columns.append(column)
        return True

    def remove_last(self) -> None:
        """Give the last entry back."""
        for values in (self._ids, self._states, self._paths, self._lines, self._columns):
            values.pop()

    def entries(self, file: str, state: State, path: str, retain: Retention | None = None) -> Iterator[Entry]:
        """The entries, with the defaults of their file; `retain` is that of its `downloaded` entries."""
        columns = zip(self._ids, self._states, self._paths, self._lines, self._columns, strict=True)
        for id_, own_state, own_path, line, column in columns:
            wanted = own_state or state
            kept = retain if wanted is State.DOWNLOADED else None
            yield Entry(id_, wanted, own_path or path, Position(file, line, column), retain=kept)

    def fits(self, root: Node | None, *, is_partial: bool) -> bool:
        """Whether the parser has found the list of projects where the scanner has read it.

        If not, the lines that look like entries are something else, such as a part of a text in quotes.

        Args:
            root: the tree of `rest`.
            is_partial: a syntax error cut it off.
        """
        if is_partial and not self.takes_errors:
            return False
        if not isinstance(root, MapNode) or root.keys.get("projects") != self.key:
            return False
        found = root.fields.get("projects")
        if not isinstance(found, ListNode):
            return False
        return Key(found.line, found.column) == self.list_at and bool(found.items) is not self.is_empty

    def _path(self, written: str) -> str | None:
        """The value of a path; None if it is not a valid template, or may not be a text."""
        if written not in self._known_paths:
            text = written[1:-1] if written[0] in "'\"" else written
            is_text = text is not written or isinstance(plain_value(text), str)
            self._known_paths[written] = text if is_text and not check_template(text) else None
        return self._known_paths[written]


def is_text(id_: str) -> bool:
    """Whether an unquoted id is surely a text."""
    if len(id_) >= _SURELY_TEXT and id_[0] > "9":
        return True
    return reads_as(id_) is None and isinstance(plain_value(id_), str)
