"""Every hook is typed, documented and tested, and the page on plugins says of each what an author must know."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import mhsync
from mhsync.hooks import specs
from mhsync.hooks.loaded import HOOKS
from mhsync.hooks.manager import Hooks

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")
SPECS: dict[str, Callable[..., object]] = {name: getattr(specs, name) for name in sorted(HOOKS)}


def section(name: str) -> str:
    """The part of the page that is about a hook."""
    parameters = ", ".join(inspect.signature(SPECS[name]).parameters)
    heading = f"### {name}({parameters})\n"
    assert PAGE.count(heading) == 1, f"docs/plugins.md has no heading {heading!r}"
    return re.split(r"^##", PAGE.split(heading)[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_the_hooks_are_those_of_the_design() -> None:
    assert sorted(HOOKS) == [
        "mhsync_check_output",
        "mhsync_commands",
        "mhsync_event",
        "mhsync_notifier_schemes",
        "mhsync_review_plan",
        "mhsync_storage_schemes",
    ]


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


def test_the_page_on_plugins_has_no_hook_that_is_none() -> None:
    assert set(re.findall(r"mhsync_\w+(?=\()", PAGE)) == set(HOOKS)


def test_the_page_on_plugins_names_every_public_name_for_plugins() -> None:
    for name in set(mhsync.__all__) - {"Client"}:
        assert f"`{name}`" in PAGE


def test_the_plugin_on_the_page_works(tmp_path: Path) -> None:
    source = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    module = ModuleType("mhsync_quiet")
    exec(compile(source, "docs/plugins.md", "exec"), vars(module))
    hooks = Hooks.of(quiet=module)
    hooks.require_sound()
    (tmp_path / "a.wav").write_bytes(b"RIFF....")
    output = mhsync.StoredOutput("a.wav", 8, "ab" * 32, "https://files.example.com/a.wav", "a.wav")
    project = mhsync.Project("one", mhsync.Status.COMPLETE, "complete")
    assert hooks.check_output(project, output, tmp_path / "a.wav") == {"quiet": False}
    (tmp_path / "a.wav").write_bytes(b"<htm")
    with pytest.raises(mhsync.OutputRejected, match=r"quiet rejected a\.wav: it is no WAV file"):
        hooks.check_output(project, output, tmp_path / "a.wav")


@pytest.mark.parametrize("name", SPECS)
def test_a_hook_has_a_test(name: str) -> None:
    tree = ast.parse((Path(__file__).parent / "test_manager.py").read_text(encoding="utf-8"))
    tests = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert any(test.startswith(f"test_{name}_") for test in tests)
