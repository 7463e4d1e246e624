"""Hostile manifests: any bytes give a clear error, in bounded time and memory.

They are read in a process under limits of the operating system: a segmentation fault, a hang or a gigabyte of memory
fails the test. `MHSYNC_LONG=1` (`make test-long`) reads files up to the largest that is allowed.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from mhsync.errors import ManifestError
from mhsync.loader import load
from mhsync.settings import ManifestSettings

IS_LONG = bool(os.environ.get("MHSYNC_LONG"))
MIB = 1024 * 1024
SIZE = 31 * MIB if IS_LONG else 3 * MIB
READ = """
import json, sys
from mhsync.errors import ManifestError
from mhsync.loader import load
for name in sys.argv[1:]:
    print(json.dumps(name), flush=True)
    try:
        load([name])
    except ManifestError as error:
        print(json.dumps([f"{problem.code} {problem.position.line}" for problem in error.problems]))
    else:
        print("[]")
"""


def read(
    folder: Path, files: Mapping[str, bytes | None], *, seconds: int = 30, memory: int = 512 * MIB
) -> dict[str, list[str]]:
    """Code and line of each file's problems; a file without bytes is there already.

    CPU seconds and bytes of address space are limited.
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    for name, data in files.items():
        if data is not None:
            (folder / name).write_bytes(data)
    answer = subprocess.run(
        [sys.executable, "-c", READ, *files],
        cwd=folder, capture_output=True, text=True, preexec_fn=limit, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, f"{answer.stdout[-300:]} {answer.stderr[-2000:]}"
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    return dict(zip(lines[::2], lines[1::2], strict=True))


def expect(found: dict[str, list[str]], expected: dict[str, tuple[bytes, str]]) -> None:
    assert {name: problem for name, (_, problem) in expected.items() if problem not in found[name]} == {}


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {k: 1}\n" + "".join(
    f"{b}: &{b} {{<<: [{','.join(['*' + a] * 9)}]}}\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
HEAD = b"version: 1\nprojects: []\n"
SMALL = {
    "30,000 brackets": (b"[" * 30_000, "depth 1"),
    "30,000 braces": (b"{a: " * 30_000, "depth 1"),
    "30,000 lists in lists": (b"- " * 30_000, "depth 1"),
    "30,000 keys in keys": (b"? " * 30_000, "depth 1"),
    "indentation": (b"".join(b" " * n + b"a:\n" for n in range(300)), "depth 9"),
    "an alias bomb": (BOMB.encode(), "alias 2"),
    "a merge bomb": (MERGES.encode(), "merge_key 9"),
    "an alias of itself": (b"&a [*a]", "alias 1"),
    "a number of 60,000 digits": (HEAD + b"path: " + b"9" * 60_000, "path_long 3"),
    "a path of 60,000 braces": (HEAD + b"path: '" + b"{" * 60_000 + b"'", "path_long 3"),
    "a path of 1,000 braces": (HEAD + b"path: '" + b"{}" * 500 + b"'", "path_field 3"),
    "a storage of 60,000 options": (HEAD + b"storage: 's3://b?" + b"key=&" * 10_000 + b"'", "storage_secret 3"),
    "60,000 colons and a mistake": (b"[" + b":" * 60_000 + b"]]", "yaml 1"),
    "10,000 unknown keys": (b"".join(b"key%d: 1\n" % n for n in range(10_000)), "unknown_key 10"),
}


def test_a_small_file_that_expands_to_a_large_value_is_refused(tmp_path: Path) -> None:
    expect(read(tmp_path, {name: data for name, (data, _) in SMALL.items()}, seconds=5, memory=192 * MIB), SMALL)


def repeated(unit: bytes, size: int = SIZE, start: bytes = b"") -> bytes:
    return start + unit * ((size - len(start)) // len(unit))


LARGE = {
    "zeros": (b"\0", b"", "control 1"),
    "bytes": (bytes(range(255, 0, -1)), b"", "encoding 1"),
    "brackets": (b"[", b"", "depth 1"),
    "colons": (b":", b"", "long 1"),
    "quotes": (b"'", b"", "long 1"),
    "an open quote": (b"a", b'"', "yaml 1"),
    "one word": (b"a", b"", "long 1"),
    "one word over many lines": (b"a\n", b"", "long 1"),
    "empty lines": (b"\n", b"", "empty 1"),
    "comments": (b"#\n", b"", "empty 1"),
    "exclamation marks": (b"!", b"", "tag 1"),
    "aliases": (b"*a,", b"[", "alias 1"),
    "anchors": (b"&a x,", b"[", "anchor 1"),
    "documents": (b"---\n", b"", "documents 2"),
    "one key": (b"a: 1\n", b"", "duplicate_key 2"),
    "a path": (b"a/", HEAD + b"path: ", "long 3"),
    "a storage": (b"a=1&", HEAD + b"storage: s3://b?", "long 3"),
}


def test_a_file_of_invalid_values_is_refused_soon(tmp_path: Path) -> None:
    files = {name: (repeated(unit, start=start), problem) for name, (unit, start, problem) in LARGE.items()}
    expect(read(tmp_path, {name: data for name, (data, _) in files.items()}), files)


def test_50_mb_of_invalid_values_end_at_the_bound_of_problems(tmp_path: Path) -> None:
    data = repeated(b"- {a: [b, *c]}\n", 50_000_000)
    found = read(tmp_path, {"invalid": data}, seconds=5, memory=384 * MIB)["invalid"]
    assert "alias 1" in found
    assert len(found) == 51


def test_a_file_above_the_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(ManifestSettings().size + 1)
    assert read(tmp_path, {"large": None}, seconds=5, memory=128 * MIB) == {"large": ["size None"]}


def test_an_endless_file_of_control_characters_ends_at_the_first(tmp_path: Path) -> None:
    (tmp_path / "endless").symlink_to("/dev/zero")
    assert read(tmp_path, {"endless": None}, seconds=5, memory=128 * MIB) == {"endless": ["control 1"]}


@pytest.mark.parametrize("text", [b"a: b\n", b"# x\n", b"\n", b"- id: abcdefg\n"])
def test_no_more_is_read_of_an_endless_pipe_than_may_be_in_a_file(tmp_path: Path, text: bytes) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    taken = 0

    def write() -> None:
        nonlocal taken
        with suppress(BrokenPipeError), pipe.open("wb", buffering=0) as stream:
            while True:
                taken += stream.write(text * 10_000)

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(ManifestError) as refused:
        load([pipe], ManifestSettings(size=3 * MIB))
    writer.join()
    assert [problem.code for problem in refused.value.problems] == ["size"]
    assert taken < 6 * MIB


# What is YAML all through takes longest: it ends at the bound on values, or on problems.
PROJECTS = b"version: 1\nprojects:\n"
DENSE = {
    "nothings": (b"-\n", b"", "values 4000001"),
    "mappings": (b"{},", b"[", "values 1"),
    "words": (b"- a\n", PROJECTS, "type 3"),
    "one id": (b"- id: a\n", PROJECTS, "duplicate_id 4"),
    "bad paths": (b"- {id: a, path: '{x}'}\n", PROJECTS, "path_field 3"),
    "outcomes of every kind": (b"1,a,1.5,{},", HEAD + b"notify: [{url: 'a://b', on: [", "yaml 4"),
}


@pytest.mark.slow
@pytest.mark.skipif(not IS_LONG, reason="some seconds a file: make test-long")
@pytest.mark.parametrize("name", DENSE)
def test_a_file_full_of_values_ends_at_a_bound(tmp_path: Path, name: str) -> None:
    unit, start, problem = DENSE[name]
    size = 16 * MIB if problem.startswith("values") else 2 * MIB
    expect(
        read(tmp_path, {name: repeated(unit, size, start)}, seconds=60, memory=768 * MIB), {name: (b"", problem)}
    )
