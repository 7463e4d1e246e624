"""The commands of the documents run, in the order of each page, and print what the page shows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mhsync.sandbox.defaults import default_account
from mhsync.sandbox.server import Sandbox
from tests.docs.pages import Command, WrittenFile, pattern, read
from tests.docs.shell import Shell

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = {page.relative_to(ROOT).as_posix(): page for page in DOCUMENTS}
EXAMPLES = {name: read(page.read_text(encoding="utf-8")) for name, page in PAGES.items()}
RUN = [name for name, example in EXAMPLES.items() if example.steps]
NOT_RUN = {
    "README.md": 4,
    "docs/guides/archive-to-s3.md": 3,
    "docs/inbox.md": 1,
    "docs/performance.md": 1,
    "docs/plugins.md": 2,
    "docs/release.md": 2,
    "docs/sandbox.md": 1,
    "docs/tutorial.md": 1,
}
"""The number of blocks of each page that are not run. Each has a reason in the page."""


def environ(folder: Path, sandbox: Sandbox) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "MHSYNC_API_URL": sandbox.api_url,
        "MAGIC_HOUR_API_KEY": sandbox.key,
    }


@pytest.mark.parametrize("name", RUN)
def test_the_commands_of_a_page_print_what_it_shows(tmp_path: Path, name: str) -> None:
    with Sandbox(default_account()) as sandbox, Shell(tmp_path, environ(tmp_path, sandbox)) as shell:
        for step in EXAMPLES[name].steps:
            if isinstance(step, WrittenFile):
                (tmp_path / step.name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / step.name).write_text(step.text, encoding="utf-8")
            else:
                check(name, step, *shell.run(step.text))


def check(name: str, command: Command, code: int, printed: str) -> None:
    place = f"{name}:{command.line}: {command.text}"
    assert code == command.exit_code, f"{place}\nexited with {code} after\n{printed}"
    fits = command.shown is None or pattern(command.shown).fullmatch(printed) is not None
    assert fits, f"{place}\nprinted\n{printed}"


def test_few_blocks_are_not_run() -> None:
    assert {name: len(example.not_run) for name, example in EXAMPLES.items() if example.not_run} == NOT_RUN


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("```console\n$ false\n```", "exited with 1"),
        ("<!-- exit: 3 -->\n```console\n$ (exit 3)\n$ true\n```", "exited with 3"),
        ("```console\n$ printf 'a\\nb\\n'\na\n```", "printed"),
        ("```console\n$ echo 1 of 3\n1 of …2\n```", "printed"),
        ("```console\n$ echo to stderr >&2\nto stdout\n```", "printed"),
    ],
    ids=["exit code", "exit code of the first", "more lines", "other text", "standard error"],
)
def test_a_page_that_shows_something_else_fails(tmp_path: Path, document: str, message: str) -> None:
    with Shell(tmp_path, dict(os.environ)) as shell, pytest.raises(AssertionError, match=message):
        for step in read(document).steps:
            assert isinstance(step, Command)
            check("page.md", step, *shell.run(step.text))


def test_a_page_is_read_with_its_files_and_its_reasons() -> None:
    page = (
        "<!-- file: a.yaml -->\n```yaml\nx: 1\n```\n\n<!-- not run: it needs an account -->\n```console\n$ true\n```\n"
        "<!-- exit: 2 -->\n```console\n$ cat \\\n> a.yaml\nx: …\n…\n$ (exit 2)\n```\n```text\n$ not a command\n```\n"
    )
    example = read(page)
    assert example.steps == (
        WrittenFile("a.yaml", "x: 1\n"),
        Command(12, "cat \\\na.yaml", ("x: …", "…")),
        Command(16, "(exit 2)", None, 2),
    )
    assert example.not_run == {8: "it needs an account"}
    assert pattern(("x: …", "…")).fullmatch("x: 1\n")
    assert pattern(("x: …", "…")).fullmatch("x: 1  \nmore\nlines\n")


def test_text_before_the_first_command_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2: a block of commands begins"):
        read("```console\nmhsync plan\n```")
