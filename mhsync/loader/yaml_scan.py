"""Read the entries of the common forms out of a YAML manifest.

    projects:
      - id: clx7                                        # a comment
        state: archived
        path: "{id}/{filename}"
      - {id: clx8, state: deleted}

The block must begin with the line `projects:` in the first column. Lines of another form are left in the text.
The scan goes on after them only if each quoted text and each bracket in them ends on its line, since one that does
not could contain lines that look like entries. So an entry with a name is parsed, and those after it are not.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mhsync.loader.scanned import ID, STATES, ScannedProjects, is_text
from mhsync.loader.yaml_nodes import Key

_HEAD = re.compile(r"^projects:(?= *(?:\n| #))[^\n]*\n", re.MULTILINE)
_BLANK = r"(?: *(?:#[^\n]*)?\n)*"
_FIRST = re.compile(rf"{_BLANK}( *)- ")
_NEXT_KEY = re.compile(rf"{_BLANK}(?:[A-Za-z\"']|\Z| *(?:#[^\n]*)?\Z)")
_END = r"(?: +(?:#[^\n]*)?)?(?:\n|\Z)"
_STATE = rf"((?:{STATES})|'(?:{STATES})'|\"(?:{STATES})\")"
_PATH = r"""('[^'\n]{1,1024}'|"[^"\\\n]{1,1024}"|[A-Za-z0-9_][A-Za-z0-9_./-]{0,1023})"""
_HARMLESS = r"[A-Za-z0-9_./:#,=+ -]*"
"""Lines of these characters open no quote and no bracket."""
_CLOSED = r"""(?:"[^"\\\n]*"|'[^'\n]*'|\[[A-Za-z0-9_, -]*\])"""
"""A value that begins and ends on one line: a text in quotes, or a list of words."""
_WORDS = r"[A-Za-z0-9_./+-][A-Za-z0-9_./+ -]*"


def _key_in_brackets(name: str) -> str:
    """A key in brackets. Between quotes its colon needs no space."""
    return rf"(?:{name}: |\"{name}\":(?: |(?=\")))"


@lru_cache(maxsize=8)
def _entry(indent: int) -> re.Pattern[str]:
    """An entry whose dash has `indent` spaces before it, and the empty lines and comments before it.

    Groups: what is before; then, for the two forms, the quote of the id, the id, and two states and paths.
    """
    spaces = " " * indent
    more = rf"(?:{spaces}  (?:state: {_STATE}|path: {_PATH}){_END})?"
    block = rf"id: (['\"]?)({ID})\2{_END}{more}{more}"
    key = _key_in_brackets
    in_line = rf"(?:, ?(?:{key('state')}{_STATE}|{key('path')}{_PATH}))?"
    flow = rf"\{{ ?{key('id')}(['\"]?)({ID})\8{in_line}{in_line} ?\}}{_END}"
    return re.compile(rf"({_BLANK}){spaces}- (?:{block}|{flow})")


@lru_cache(maxsize=8)
def _line_of_gap(indent: int) -> re.Pattern[str]:
    """A line of a list whose dashes have `indent` spaces before them, after which a scan may go on."""
    spaces = " " * indent
    labelled = rf"{spaces}  [a-z]+: {_CLOSED}{_END}"
    in_brackets = rf"{spaces}- \{{ ?id: {ID}(?:, ?[a-z]+: (?:{_CLOSED}|{_WORDS}))* ?\}}{_END}"
    return re.compile(rf"(?:{spaces}(?:- | ){_HARMLESS}\n| *\n|{labelled}|{in_brackets})")


def scan(text: str, *, resumes: bool = True) -> ScannedProjects | None:
    """The entries that can be read without the parser; None where there are none.

    Args:
        text: a manifest with line feeds as its only line breaks.
        resumes: go on after a line of another form. False leaves all that follows it, and the entry before it: the
            parser reports some syntax errors at the position of what comes next.
    """
    head = _HEAD.search(text)
    first = head and _FIRST.match(text, head.end())
    if head is None or first is None:
        return None
    scanner = _Scanner(text, head, len(first[1]), resumes=resumes)
    scanner.run()
    return scanner.found if len(scanner.found) else None


class _Scanner:
    def __init__(self, text: str, head: re.Match[str], indent: int, *, resumes: bool) -> None:
        self._text = text
        self._resumes = resumes
        self._head = head
        self._indent = indent
        self._line = text.count("\n", 0, head.start()) + 2
        """The line of `_at`."""
        self._at = head.end()
        """All before it was read, or is kept for the parser."""
        self._parts: list[str] = []
        """What replaces the lines between `head` and `_at`: line breaks, and the lines that are kept."""
        self.found = ScannedProjects(Key(self._line - 1, 1))
        self.found.takes_errors = not resumes

    def run(self) -> None:
        text, head = self._text, self._head
        while True:
            unread, is_end = self._read_entries()
            if not is_end:
                self._keep_list()
            if is_end or not self._resumes or not self._keep_lines(unread):
                break
        line = head[0]
        if self.found.is_empty:
            self.found.list_at = Key(self.found.key.line, len("projects: ") + 1)
            line = line.replace("projects:", "projects: []", 1)
        self.found.rest = "".join((text[: head.start()], line, *self._parts, text[self._at :]))

    def _read_entries(self) -> tuple[int, bool]:
        """Read entries from `_at` on. Return where the first other line begins, and whether the list ends there.

        If more of the list follows, the last entry is given back: that line may belong to it.
        """
        text, add, count = self._text, self.found.add, self._text.count
        at = last = self._at
        line = last_line = self._line
        block = self._indent + len("- id: ") + 1
        for match in iter(_entry(self._indent).scanner(text, at).match, None):  # type: ignore[attr-defined]
            before, quote, id_, state, path, state2, path2, *flow = match.groups()
            column = block
            if id_ is None:
                quote, id_, state, path, state2, path2 = flow
                column = match.start(8) - match.end(1) + 1
            if (state and state2) or (path and path2) or not (quote or is_text(id_)):
                break
            top = line + count("\n", at, match.end(1)) if before else line
            if not add(id_, state or state2, path or path2, top, column):
                break
            last, last_line = at, line
            line += count("\n", at, match.end())
            at = match.end()
        is_end = self._resumes and _NEXT_KEY.match(text, at) is not None
        if at > last and not is_end:
            self.found.remove_last()
            self._take(last, last_line)
        else:
            self._take(at, line)
        return at, is_end

    def _take(self, at: int, line: int) -> None:
        """Replace what is before `at` by its line breaks."""
        self._parts.append("\n" * (line - self._line))
        self._at, self._line = at, line

    def _keep_lines(self, unread: int) -> bool:
        """Keep the lines from `_at` on for the parser, up to the next entry after `unread`.

        Returns:
            False if the scan cannot go on: no entry follows, or it may be a part of another value.
        """
        text, dash = self._text, " " * self._indent + "- "
        lines = iter(_line_of_gap(self._indent).scanner(text, unread).match, None)  # type: ignore[attr-defined]
        for line in lines:
            end = line.end()
            if text.startswith(dash, end) and _entry(self._indent).match(text, end):
                self._parts.append(text[self._at : end])
                self._line += text.count("\n", self._at, end)
                self._at = end
                return True
        return False

    def _keep_list(self) -> None:
        """Remember where the list begins that is left in the text."""
        if self.found.is_empty:
            first = _FIRST.match(self._text, self._at)
            line = self._line + (self._text.count("\n", self._at, first.end()) if first else 0)
            self.found.is_empty = False
            self.found.list_at = Key(line, self._indent + 1)
