#!/usr/bin/env python3
"""Run the demo and the tests of network, storage and crashes on every installed CPython.

`make test-pythons` and `make test-lowest` call it. Each Python gets its own environment in `.venv-pythons/`.
Interpreters are looked for in pyenv's folder of versions and as python3.X on PATH; two of one version count once.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
TESTS = ("tests/api", "tests/storage", "tests/reconcile", "tests/crash")
ENVIRONMENTS = ROOT / ".venv-pythons"
TIMEOUT = 900.0
"""Seconds for one command."""
_ASK = (
    "import ensurepip, json, sys, sysconfig, venv; "
    "print(json.dumps([sys.implementation.name, list(sys.version_info[:4]), "
    "bool(sysconfig.get_config_var('Py_GIL_DISABLED'))]))"
)


@dataclass(frozen=True, order=True)
class Python:
    """An interpreter."""

    version: tuple[int, int, int]
    path: Path

    @property
    def name(self) -> str:
        return ".".join(map(str, self.version))


def pythons(environ: dict[str, str]) -> list[Python]:
    """Every CPython from 3.11 on that this machine has, the oldest first.

    Left out are pre-releases and builds without the global lock, for which not all dependencies have wheels, and
    interpreters without `venv` (a Debian python3 without python3-venv).
    """
    found: dict[tuple[int, int, int], Python] = {}
    for path in _candidates(environ):
        version = _version_of(path)
        if version is not None and version[:2] >= OLDEST:
            found.setdefault(version, Python(version, path))
    return sorted(found.values())


def _candidates(environ: dict[str, str]) -> Iterator[Path]:
    pyenv = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/")) / ".pyenv")
    yield from sorted(pyenv.glob("versions/*/bin/python3"))
    for folder in environ.get("PATH", "").split(os.pathsep):
        # A relative folder would depend on the current one; pyenv's shims are found above, as what they stand for.
        if folder.startswith("/") and Path(folder) != pyenv / "shims":
            yield from sorted(path for path in Path(folder).glob("python3*") if _is_named_python(path.name))


def _is_named_python(name: str) -> bool:
    return re.fullmatch(r"python3(\.\d+)?", name) is not None


def _version_of(path: Path) -> tuple[int, int, int] | None:
    """The version of a final CPython that can make environments; None for all else."""
    try:
        # -I: nothing from the environment or from the current folder.
        done = subprocess.run([path, "-I", "-c", _ASK], capture_output=True, text=True, timeout=30, check=False)
        kind, (major, minor, micro, level), has_no_lock = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return (major, minor, micro) if (kind, level, has_no_lock) == ("cpython", "final", False) else None


def prepared(python: Python, name: str, constraints: Path) -> Path:
    """The `bin` folder of an environment with mhsync and its test dependencies, made again if the pins changed."""
    folder = ENVIRONMENTS / name
    ready = folder / ".ready"
    inputs = [ROOT / "pyproject.toml", constraints]
    if not ready.exists() or ready.stat().st_mtime < max(file.stat().st_mtime for file in inputs):
        shutil.rmtree(folder, ignore_errors=True)
        _run([python.path, "-I", "-m", "venv", folder])
        install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*install, "-c", constraints, "-e", f"{ROOT}[test]"])
        ready.touch()
    return folder / "bin"


def check(python: Python, name: str, constraints: Path, *, workers: int, tests: Sequence[str]) -> bool:
    """Run demo and tests with one Python; whether all went well. What they print is shown where they fail."""
    started = time.monotonic()
    try:
        scripts = prepared(python, name, constraints)
        demo = ROOT / "build" / f"demo-{name}"
        shutil.rmtree(demo, ignore_errors=True)
        path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
        sandbox = [scripts / "mhsync", "sandbox", "run", "--", "sh", "examples/demo/demo.sh", demo]
        _run(sandbox, PATH=path)
        # The cache of pytest is shared by all that run in this folder at once.
        pytest = [scripts / "python", "-m", "pytest", "-n", str(workers), "-q", "-p", "no:cacheprovider", *tests]
        told = _run(pytest, PATH=path)
    except subprocess.SubprocessError as error:
        output = getattr(error, "stdout", None)
        print(output.decode(errors="replace") if isinstance(output, bytes) else output or "", flush=True)
        print(f"== {name}: FAILED: {error}", flush=True)
        return False
    summary = told.strip().splitlines()[-1]
    print(f"== {name} (CPython {python.name}): demo and {summary}; {time.monotonic() - started:.0f} s", flush=True)
    return True


def _run(command: Iterable[str | Path], **environ: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT, env={**os.environ, **environ}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=TIMEOUT, check=True,
    )  # fmt: skip
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="show the interpreters and end")
    parser.add_argument("--lowest", action="store_true", help="the oldest one with constraints-lowest.txt")
    parser.add_argument(
        "--python", action="append", default=[], metavar="PATH", help="this one, not all that are found"
    )
    parser.add_argument("--jobs", type=int, default=1, help="interpreters at once")
    parser.add_argument("--workers", type=int, default=2, help="processes of each one's tests")
    parser.add_argument("tests", nargs="*", default=TESTS, help=f"default: {' '.join(TESTS)}")
    chosen = parser.parse_args(arguments)
    if chosen.python:
        named = [Path(shutil.which(path) or path) for path in chosen.python]
        versions = {path: _version_of(path) for path in named}
        found = [Python(version, path) for path, version in versions.items() if version is not None]
        if len(found) < len(named):
            parser.error(f"not a final CPython: {', '.join(str(path) for path in named if not versions[path])}")
    else:
        found = pythons(dict(os.environ))
    if not found:
        parser.error("this machine has no CPython from 3.11 on")
    if chosen.list:
        print(*(f"{python.name} {python.path}" for python in found), sep="\n")
        return 0
    work = [(python, python.name, ROOT / "constraints.txt") for python in found]
    if chosen.lowest:
        work = [(found[0], "lowest", ROOT / "constraints-lowest.txt")]
    with ThreadPoolExecutor(chosen.jobs) as pool:
        results = list(pool.map(lambda one: check(*one, workers=chosen.workers, tests=chosen.tests), work))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
