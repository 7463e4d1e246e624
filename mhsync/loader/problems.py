"""Problems of one file, collected in bounded memory and reported in the order of their positions."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from mhsync.errors import Position, Problem

KEPT_PER_REPORTED = 20
"""Problems kept for each reported one: enough to sort by position, and bounded."""


class Place(Protocol):
    """An object with a position. Lines and columns count from 1."""

    @property
    def line(self) -> int | None: ...

    @property
    def column(self) -> int | None: ...


class Problems:
    """What is wrong with one file. Beyond a bound, problems are only counted.

    Args:
        file: the name for messages; empty where it is about no file.
        most: the most problems that are reported.
    """

    def __init__(self, file: str, most: int) -> None:
        self.file = file
        self._most = most
        self._found: dict[Problem, None] = {}
        self._uncounted = 0

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def is_full(self) -> bool:
        """Whether more problems would only be counted: a check that may find many can stop."""
        return len(self._found) >= self._most * KEPT_PER_REPORTED

    def add(self, code: str, message: str, hint: str, at: Place | None = None, id: str | None = None) -> None:
        """Note a problem; the same one twice is one."""
        self.put(Problem(code, message, hint), at, id)

    def put(self, problem: Problem, at: Place | None = None, id: str | None = None) -> None:
        """Note a problem that has no position yet; the same one twice is one."""
        if self.is_full:
            self._uncounted += 1
            return
        line, column = (None, None) if at is None else (at.line, at.column)
        self._found[replace(problem, position=Position(self.file or None, line, column), id=id)] = None

    def count_more(self) -> None:
        """Note that there are more problems, which were not examined."""
        self._uncounted += 1

    def reported(self) -> tuple[Problem, ...]:
        """The problems by position, at most `most` of them, then the number of the others."""
        ordered = sorted(self._found, key=_by_position)
        more = len(ordered) - self._most + self._uncounted
        if more <= 0:
            return tuple(ordered)
        count = f"at least {more}" if self._uncounted else str(more)
        rest = Problem(
            "more", f"and {count} more problems", "fix those above first, then run it again", Position(self.file)
        )
        return (*ordered[: self._most], rest)


def _by_position(problem: Problem) -> tuple[int, int]:
    return problem.position.line or 0, problem.position.column or 0


def show(text: str, most: int = 60) -> str:
    """A text for a message: quoted, short, and with everything invisible escaped."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")
