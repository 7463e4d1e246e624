"""Tests mirror the package: `tests/X/test_Y.py` tests `mhsync/X/Y.py`. Each exception names the reason."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mhsync"
TESTS = ROOT / "tests"

TESTED_IN = {
    "cli/add.py": "cli/test_edit_commands.py",
    "cli/fmt.py": "cli/test_edit_commands.py",
    "cli/init.py": "cli/test_edit_commands.py",
    "cli/man.py": "cli/render/test_man.py",
    "cli/completion_values.py": "cli/test_completion.py",
    "core/diff_case.py": "core/test_diff.py",
    "core/lost_copy.py": "core/test_diff.py",
    "core/planned_outputs.py": "core/test_diff.py",
    "reconcile/inventory.py": "reconcile/test_observe.py",
    "cli/remove.py": "cli/test_edit_commands.py",
    "cli/sandbox.py": "sandbox/test_serve.py",
    "cli/inbox_thread.py": "cli/test_watch.py",
    "cli/watch_lines.py": "cli/test_watch.py",
    "cli/verbosity.py": "cli/test_main.py",
    "loader/json_parser.py": "loader/test_json.py",
    "loader/json_scan.py": "loader/test_json.py",
    "loader/languages.py": "loader/test_json.py",
    "loader/scanned.py": "loader/test_yaml_scan.py",
    "reconcile/doctor.py": "cli/test_doctor.py",
    "reconcile/plan_file_detection.py": "reconcile/test_plan_file.py",
    "reconcile/html_report.py": "cli/test_report.py",
    "reconcile/plan.py": "reconcile/test_reconciler.py",
    "sandbox/fault_context.py": "sandbox/test_faults.py",
    "sandbox/faults_any.py": "sandbox/test_faults.py",
    "sandbox/faults_api.py": "sandbox/test_faults.py",
    "sandbox/faults_files.py": "sandbox/test_faults.py",
    "storage/documents.py": "storage/test_receipts.py",
    "storage/partials.py": "reconcile/test_interrupt.py",
    "testing/conformance_files.py": "testing/test_conformance.py",
    "testing/conformance_setup.py": "testing/test_conformance.py",
    "testing/conformance_sharing.py": "testing/test_conformance.py",
    "testing/conformance_writes.py": "testing/test_conformance.py",
    "testing/content.py": "testing/test_conformance.py",
    "testing/writer_process.py": "testing/test_opener.py",
}
"""Modules that another test file tests: parts of one feature, or helpers of one module."""

NOT_NAMED = {"__init__.py", "__main__.py"}
"""Packages: tests/test_package.py and tests/test_public_api.py test them."""


@cache
def modules() -> list[str]:
    """The modules with behaviour. A module that only defines constants, types or protocols has none."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name not in NOT_NAMED and has_behaviour(ast.parse(path.read_text(encoding="utf-8"))):
            found.append(path.relative_to(PACKAGE).as_posix())
    return found


def has_behaviour(tree: ast.Module) -> bool:
    """Whether a function has a statement other than its docstring, `...` and `pass`."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return any(not isinstance(step, ast.Pass) and not is_constant(step) for one in functions for step in one.body)


def is_constant(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)


def expected(module: str) -> str:
    folder, _, name = module.rpartition("/")
    return f"{folder}/test_{name}" if folder else f"test_{name}"


@pytest.mark.parametrize("module", modules())
def test_every_module_with_behaviour_has_a_test_file_of_its_name(module: str) -> None:
    file = TESTS / TESTED_IN.get(module, expected(module))
    assert file.exists(), f"write {file.relative_to(ROOT)}, or name the file that tests {module} in TESTED_IN"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert any(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in ast.walk(tree))


@pytest.mark.parametrize("module", TESTED_IN)
def test_every_exception_is_needed(module: str) -> None:
    assert module in modules()
    assert not (TESTS / expected(module)).exists()
