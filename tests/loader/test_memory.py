"""The memory that a manifest takes, by the account of the operating system."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.loader.test_hostile import IS_LONG

FEW, MANY = 1_000, 1_000_000 if IS_LONG else 100_000
READ = """
import resource, sys
from mhsync.loader import load
print(len(load(sys.argv[1:])), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
FORMS = {
    "block.yaml": ("version: 1\nprojects:\n", "  - id: clx%022d\n    state: archived\n", ""),
    "flow.yaml": ("version: 1\nprojects:\n", "  - {id: clx%022d, path: 'a/{id}-{index}{ext}'}\n", ""),
    "list.json": ('{"version": 1, "projects": [', '{"id": "clx%022d"},', '{"id": "last"}]}'),
    "lines.jsonl": ('{"version": 1}\n', '{"id": "clx%022d", "state": "archived"}\n', ""),
}


def peak(file: Path, number: int) -> int:
    """The peak memory in bytes of a process that loads a manifest of `number` projects."""
    head, entry, tail = FORMS[file.name]
    with file.open("w") as stream:
        stream.write(head)
        stream.writelines(entry % n for n in range(number))
        stream.write(tail)
    done = subprocess.run([sys.executable, "-c", READ, str(file)], capture_output=True, text=True, check=True)
    found, kilobytes = json.loads(f"[{done.stdout.replace(' ', ',')}]")
    assert found >= number
    return int(kilobytes) * 1024


@pytest.mark.parametrize("form", FORMS)
def test_a_project_takes_at_most_1_kib_of_memory(tmp_path: Path, form: str) -> None:
    few, many = peak(tmp_path / form, FEW), peak(tmp_path / form, MANY)
    assert (many - few) / (MANY - FEW) < 700
