"""The house: which room may import from which, read from the source, imports inside functions too."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "mhsync"
OPEN = {"dataclass", "errors", "exit_codes", "problem", "settings"}
ALLOWED = {
    "dataclass": set(),
    "errors": set(),
    "exit_codes": set(),
    "problem": set(),
    "settings": set(),
    "core": set(),
    "fileio": set(),
    "loader": {"core", "schemas"},
    "storage": {"core", "fileio"},
    "storage_kit": {"core", "fileio", "storage"},
    "api": {"core", "fileio"},
    "hooks": {"core", "fileio", "storage"},
    "html": {"core"},
    "inbox": {"core", "storage"},
    "reconcile": {"core", "fileio", "html", "inbox", "loader", "storage", "storage_kit", "api", "hooks"},
    "sandbox": {"core", "loader"},
    "testing": {"core", "storage", "sandbox"},
    "cli": {
        "api", "core", "hooks", "inbox", "loader", "reconcile", "sandbox", "schemas", "storage", "testing",
    },
    "__main__": {"cli"},
}  # fmt: skip
ONLY_IN = {
    "yaml": ["loader"],
    "jsonschema": ["loader"],
    "urllib3": ["api/connection.py", "api/transport.py", "api/transport_errors.py"],
    "click": ["cli"],
    "difflib": ["core/suggest.py"],
    "pytest": ["testing"],
    "waitress": ["inbox/server.py"],
}
RENAMED = {"AnswerInvalid": "ResponseInvalid"}
"""Earlier public names, which are kept."""
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path):
    """The name of each imported module, and whether it is imported only for type checking."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for guard in ast.walk(tree)
        if isinstance(guard, ast.If) and "TYPE_CHECKING" in ast.unparse(guard.test)
        for node in ast.walk(guard)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [
                f"{node.module}.{alias.name}" if node.module == "mhsync" else node.module for alias in node.names
            ]
            yield from ((name or "", id(node) in typing_only) for name in names)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_dataclasses_are_made_by_the_faster_decorator(path):
    # It cannot sort values, which storage/base.py needs.
    if path.relative_to(PACKAGE).as_posix() in ("dataclass.py", "storage/base.py"):
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses":
            names = [alias.name for alias in node.names]
            assert "dataclass" not in names, f"{path}: use `from mhsync.dataclass import dataclass`"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_room_imports_only_from_the_rooms_behind_it(path):
    room = room_of(path)
    if room == "__init__":
        return
    allowed = ALLOWED[room] | OPEN | {room}
    for name, _ in imports(path):
        if name.startswith("mhsync.") and name != "mhsync.__version__":
            assert name.split(".")[1] in allowed, f"{path} imports {name}"
        assert name != "mhsync", f"{path} imports from the public names"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_foreign_package_stays_in_its_room(path):
    where = path.relative_to(PACKAGE).as_posix()
    for name, typing_only in imports(path):
        homes = ONLY_IN.get(name.split(".")[0])
        if homes is not None and not typing_only:
            assert any(where == home or where.startswith(home + "/") for home in homes), f"{where} imports {name}"


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) == "core"], ids=lambda path: path.name)
def test_the_core_is_pure_standard_library_without_io_or_clock(path):
    forbidden = {
        "os",
        "io",
        "time",
        "random",
        "secrets",
        "logging",
        "pathlib",
        "socket",
        "subprocess",
        "threading",
    }
    for name, _ in imports(path):
        top = name.split(".")[0]
        assert top in sys.stdlib_module_names or top == "mhsync", f"{path} imports {name}"
        assert top not in forbidden, f"{path} imports {name}"
    assert ".now(" not in path.read_text(), f"{path} reads the clock"


def test_importing_mhsync_loads_none_of_the_heavy_packages():
    code = "import sys, mhsync; print([m for m in ('yaml', 'click', 'urllib3', 'jsonschema', 'pluggy') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_every_public_name_can_be_imported():
    import mhsync

    assert sorted(mhsync.__all__) == sorted(mhsync._PUBLIC)
    for name in mhsync.__all__:
        assert getattr(getattr(mhsync, name), "__name__", name) == RENAMED.get(name, name)
