"""Problem: one thing that is wrong, and Position: the place in a file that it is about."""

from __future__ import annotations

from mhsync.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file, as far as it is known. Lines and columns count from 1."""

    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """`file:line:column`, without the parts that are not known; empty where none is."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


NOWHERE = Position()
"""The position of a problem that is not about a place in a file."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what happened, what to do about it, and the place and project it is about."""

    code: str
    """Stable and machine-readable, such as `storage_unreadable`."""
    message: str
    """One line: what happened."""
    hint: str | None = None
    """One line: what to do."""
    position: Position = NOWHERE
    id: str | None = None
    """The id of the project, where the problem is about one."""

    @property
    def text(self) -> str:
        """Message and hint in one line, `message (hint)`: for a cell of a table or a string of JSON."""
        return f"{self.message} ({self.hint})" if self.hint else self.message

    @property
    def located(self) -> str:
        """`file:line:column: id: message`, without the hint; the id only where the message does not name it."""
        about = self.id if self.id and self.id not in self.message else ""
        return ": ".join(filter(None, (str(self.position), about, self.message)))

    def __str__(self) -> str:
        where = str(self.position)
        return f"{where}: {self.message}" if where else self.message

    def to_json(self) -> dict[str, str | int | None]:
        """The form of an item of `errors` in `schemas/error.schema.json`."""
        return {
            "file": self.position.file,
            "line": self.position.line,
            "column": self.position.column,
            "id": self.id,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
        }
