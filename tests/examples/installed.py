"""A plugin installed by pip, offline, into a folder of its own, and Pythons that have it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 120.0
MYPY_CACHE = Path(__file__).parents[2] / ".mypy_cache" / "examples"
"""Shared by the tests that check types, since each of them would check mhsync again. mypy replaces its files atomically."""
_LEFTOVERS = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")


@dataclass(frozen=True)
class Installed:
    """A plugin in a folder that Python finds it in."""

    name: str
    site: Path

    def run(self, *arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a Python that has this plugin and no other."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MHSYNC", "PYTEST"))}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env={**kept, "PYTHONPATH": str(self.site), "MHSYNC_PLUGINS": self.name, **environ},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def python(self, *arguments: str, cwd: Path, **environ: str) -> str:
        """What a Python that has this plugin prints, once it has ended well."""
        done = self.run(*arguments, cwd=cwd, **environ)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def passes(self, tests: Path, *, scratch: Path) -> None:
        """Run the plugin's own tests: all of them, and none is skipped."""
        told = self.python(
            "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tests.parent),
            "--basetemp", str(scratch / "tests"), str(tests), cwd=scratch,
        )  # fmt: skip
        assert " passed" in told
        assert "skipped" not in told


def install(source: Path, folder: Path) -> Installed:
    """Install a package from a copy, since a build leaves files next to the source.

    Args:
        source: the package's folder, named as its distribution is.
        folder: an empty one.
    """
    copy, site = folder / "source" / source.name, folder / "site"
    shutil.copytree(source, copy, ignore=_LEFTOVERS)
    done = subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps",
            "--no-build-isolation", "--target", str(site), str(copy),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return Installed(source.name, site)


def lay_down(site: Path, name: str, source: str, *, version: str = "1.0") -> None:
    """Lay down a distribution of one module with its entry point, as pip would leave it."""
    module = name.replace("-", "_")
    metadata = site / f"{module}-{version}.dist-info"
    metadata.mkdir(parents=True)
    (site / f"{module}.py").write_text(source, encoding="utf-8")
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
    )
    (metadata / "entry_points.txt").write_text(f"[mhsync]\n{module} = {module}\n", encoding="utf-8")
