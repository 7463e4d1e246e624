#!/usr/bin/env python3
"""Write constraints-hashed.txt: the runtime dependencies in the versions of constraints.txt, with hashes.

`pip install --require-hashes -r constraints-hashed.txt` installs these files and no others; then
`pip install --no-deps` adds mhsync itself. Run it with `make hashes` after constraints.txt changed. It asks pip
which file it would install on each platform, and takes the hash from pip's report.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = (
    ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
    ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64"),
    ("macosx_11_0_arm64",),
    ("macosx_10_13_x86_64", "macosx_10_12_x86_64", "macosx_10_9_x86_64"),
)
"""Each as the tags that its pip accepts, the newest first."""
HEAD = """\
# The versions of constraints.txt with the hashes of their files, for releases; `make hashes` writes it.
# pip install --require-hashes -r constraints-hashed.txt && pip install --no-deps mhsync
"""


def main() -> int:
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    hashes: dict[str, set[str]] = {}
    for python in PYTHONS:
        for tags in PLATFORMS:
            for item in report(needed, python, tags):
                pin = f"{item['metadata']['name']}=={item['metadata']['version']}"
                hashes.setdefault(pin, set()).add(item["download_info"]["archive_info"]["hashes"]["sha256"])
    unpinned = sorted(set(hashes) - pins())
    if unpinned:
        print(f"constraints.txt does not pin {', '.join(unpinned)}", file=sys.stderr)
        return 1
    names = sorted(hashes, key=str.lower)
    blocks = [[pin, *(f"    --hash=sha256:{each}" for each in sorted(hashes[pin]))] for pin in names]
    text = HEAD + "".join(" \\\n".join(block) + "\n" for block in blocks)
    (ROOT / "constraints-hashed.txt").write_text(text, encoding="utf-8")
    return 0


def report(needed: list[str], python: str, tags: tuple[str, ...]) -> list[dict[str, Any]]:
    """What pip would install on one platform; nothing is installed."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--dry-run",
                "--ignore-installed", "--only-binary", ":all:", "--report", f"{folder}/report.json",
                "--target", folder, "--python-version", python, "-c", str(ROOT / "constraints.txt"),
                *(word for tag in tags for word in ("--platform", tag)), *needed,
            ],
            check=False, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise SystemExit(f"pip found no files for Python {python} on {tags[0]}:\n{done.stderr}")
        found: list[dict[str, Any]] = json.loads(Path(folder, "report.json").read_text(encoding="utf-8"))[
            "install"
        ]
        return found


def pins() -> set[str]:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^[\w.-]+==[\w.]+", text, re.MULTILINE))


if __name__ == "__main__":
    sys.exit(main())
