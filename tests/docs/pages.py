"""The examples in a document: blocks of commands with their output, and the files that they use.

A block of commands is a fenced block `console`. A line that begins with `$ ` is a command, one that begins with `> `
continues it, and the lines below are its output, standard output and standard error together. In the output, a line
`…` stands for any lines, and `…` within a line for any text. Output that is not shown is not compared.

An HTML comment in the line before a block says what is special about it:

- `<!-- file: NAME -->`: the block is the content of a file, which is written before the next command runs.
- `<!-- exit: N -->`: the last command of the block exits with N; all others exit with 0.
- `<!-- not run: REASON -->`: the block is not run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

BLOCK = re.compile(
    r"^(?:<!-- (?P<key>file|exit|not run): (?P<value>[^>]+) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Command:
    """A command of a block.

    Attributes:
        line: its line in the document, from 1.
        text: the command, without `$ `; it may have several lines.
        shown: the lines of output that the document shows; None if it shows none.
        exit_code: the exit code that the document gives.
    """

    line: int
    text: str
    shown: tuple[str, ...] | None
    exit_code: int = 0


@dataclass(frozen=True)
class WrittenFile:
    """A file that a document shows."""

    name: str
    text: str


@dataclass(frozen=True)
class Example:
    """The steps of a document, in its order, and the blocks that are not run, by their line."""

    steps: tuple[Command | WrittenFile, ...]
    not_run: dict[int, str] = field(default_factory=dict)


def read(document: str) -> Example:
    """The example of a document."""
    steps: list[Command | WrittenFile] = []
    not_run = {}
    for block in BLOCK.finditer(document):
        line = document.count("\n", 0, block.start("text")) + 1
        key, value = block["key"], block["value"]
        if key == "file":
            steps.append(WrittenFile(value, block["text"]))
        elif key == "not run":
            not_run[line] = value
        elif block["language"] == "console":
            steps += commands(block["text"], line, int(value) if key == "exit" else 0)
    return Example(tuple(steps), not_run)


def commands(text: str, line: int, exit_code: int) -> list[Command]:
    found: list[tuple[int, list[str], list[str]]] = []
    for number, content in enumerate(text.splitlines(), line):
        if content.startswith("$ "):
            found.append((number, [content[2:]], []))
        elif content.startswith("> ") and found and not found[-1][2]:
            found[-1][1].append(content[2:])
        elif not found:
            raise ValueError(f"line {number}: a block of commands begins with a line '$ …'")
        else:
            found[-1][2].append(content)
    last = len(found) - 1
    return [
        Command(number, "\n".join(parts), tuple(shown) or None, exit_code if index == last else 0)
        for index, (number, parts, shown) in enumerate(found)
    ]


def pattern(shown: tuple[str, ...]) -> re.Pattern[str]:
    """The outputs that fit what a document shows; spaces at the ends of lines do not count."""
    lines = [
        r"(?:.*\n)*?" if line.strip() == "…" else ".*?".join(map(re.escape, line.rstrip().split("…"))) + r"[ ]*\n"
        for line in shown
    ]
    return re.compile("".join(lines))
