"""Every hook is typed, documented and tested, and the page on plugins says of each what an author must know."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import mhsync
import mhsync.testing
from mhsync.hooks import specs
from mhsync.hooks.manager import Hooks
from mhsync.hooks.registry import HOOKS
from mhsync.testing import StorageConformance
from mhsync.testing.scaffold import write

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
SPECS: dict[str, Callable[..., object]] = {name: getattr(specs, name) for name in sorted(HOOKS)}


def section(name: str) -> str:
    """The part of the page that is about a hook."""
    parameters = ", ".join(inspect.signature(SPECS[name]).parameters)
    heading = f"### {name}({parameters})\n"
    assert PAGE.count(heading) == 1, f"docs/plugins.md has no heading {heading!r}"
    return re.split(r"^##", PAGE.split(heading)[1], maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("name", SPECS)
def test_a_hook_is_typed_and_has_a_docstring(name: str) -> None:
    signature = inspect.signature(SPECS[name])
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(parameter.annotation is not parameter.empty for parameter in signature.parameters.values())
    assert SPECS[name].__doc__


@pytest.mark.parametrize("name", SPECS)
def test_the_page_on_plugins_says_when_on_which_thread_and_what_an_exception_does(name: str) -> None:
    text = section(name)
    for fact in ("**When**", "**Thread**", "**An exception**"):
        assert fact in text
    for parameter in inspect.signature(SPECS[name]).parameters:
        assert f"`{parameter}" in text


@pytest.mark.parametrize("name", SPECS)
def test_the_page_on_plugins_gives_each_hook_s_types(name: str) -> None:
    signature = inspect.signature(SPECS[name])
    taken = ", ".join(f"{parameter.name}: {parameter.annotation}" for parameter in signature.parameters.values())
    assert f"`({taken}) -> {signature.return_annotation}`" in section(name)


@pytest.mark.parametrize(
    ("name", "thread"),
    [
        ("mhsync_storage_schemes", "the main thread"),
        ("mhsync_notifier_schemes", "`mhsync-notify`"),
        ("mhsync_review_plan", "the main thread"),
        ("mhsync_check_output", "the transfer threads"),
        ("mhsync_event", "`mhsync-notify`"),
        ("mhsync_commands", "the main thread"),
    ],
)
def test_the_page_on_plugins_names_the_thread(name: str, thread: str) -> None:
    """Which it is in truth, `tests/e2e/test_broken_plugins.py` sees."""
    (line,) = [line for line in section(name).splitlines() if line.startswith("- **Thread**")]
    assert thread in line


def test_the_page_on_plugins_has_no_unknown_hook() -> None:
    assert set(re.findall(r"mhsync_\w+(?=\()", PAGE)) == set(HOOKS)


def test_the_page_on_plugins_names_every_method_and_flag_of_a_storage() -> None:
    promises = PAGE.split("## What a storage promises")[1].split("## Testing it")[0]
    for name, value in vars(mhsync.Storage).items():
        if not name.startswith("_"):
            mark = "`" if inspect.isfunction(value) else " = "
            assert f"`{name}{mark}" in promises or f"`{name}(" in promises, name


def test_the_page_on_plugins_names_every_bound_of_the_suite() -> None:
    annotated = [name for kind in StorageConformance.__mro__ for name in inspect.get_annotations(kind)]
    bounds = [name for name in annotated if not name.startswith("_")]
    assert {"large", "versions_settle"} <= set(bounds)
    assert [name for name in bounds if f"`{name}`" not in PAGE.split("## Testing it")[1]] == []


def test_the_page_on_plugins_lists_what_the_template_writes(tmp_path: Path) -> None:
    written = write("mhsync-shelf", tmp_path)
    rows = PAGE.split("## A storage in an afternoon")[1].split("## What a storage promises")[0]
    cells = [line.split(" | ")[0] for line in rows.splitlines() if line.startswith("| `")]
    assert sorted(name for cell in cells for name in re.findall(r"`([^`]+)`", cell)) == sorted(written.files)


def test_links_on_the_page_on_plugins_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z_ -]", "", line[3:].lower()).strip().replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("## ")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
    named = re.findall(r"`((?:plugins|examples)/mhsync-[a-z-]+)`", PAGE)
    assert named
    assert [name for name in named if not (ROOT / name / "pyproject.toml").is_file()] == []


def test_the_plugin_on_the_page_works(tmp_path: Path) -> None:
    source = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    module = ModuleType("mhsync_quiet")
    exec(compile(source, "docs/plugins.md", "exec"), vars(module))
    hooks = Hooks.of(quiet=module)
    hooks.require_loaded()
    (tmp_path / "a.wav").write_bytes(b"RIFF....")
    output = mhsync.StoredOutput("a.wav", 8, "ab" * 32, "https://files.example.com/a.wav", "a.wav")
    project = mhsync.Project("one", mhsync.Status.COMPLETE, "complete")
    assert hooks.check_output(project, output, tmp_path / "a.wav") == {"quiet": False}
    (tmp_path / "a.wav").write_bytes(b"<htm")
    with pytest.raises(mhsync.OutputRejected, match=r"quiet rejected a\.wav: not a WAV file"):
        hooks.check_output(project, output, tmp_path / "a.wav")
