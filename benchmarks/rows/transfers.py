"""`apply` that downloads: many files, one large file, very many small files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.measure import MIB
from benchmarks.row import Contender, Row
from benchmarks.servers.nginx import nginx
from benchmarks.servers.processes import require
from benchmarks.workspace import (
    Workspace,
    contender_script,
    count_files,
    empty_folder,
    project_ids,
    write_ids,
    write_manifest,
    write_wav,
)

FILES = 200
SMALL_FILE = 2048


@contextmanager
def _files(workspace: Workspace) -> Iterator[Sequence[Contender]]:
    folder, size, total = empty_folder(workspace.folder / "apply-files"), MIB, FILES * MIB
    with _server(folder, size) as url:
        write_ids(folder / "ids", FILES)
        _write_curl_config(folder / "curl.conf", url, FILES)
        target = folder / "target"
        reset = partial(empty_folder, target)
        curl = f"{require('curl', 'curl')} --silent --show-error --parallel --parallel-max 8 --config ../curl.conf"
        hashed = f"{curl} && sha256sum -- * > ../sums && sync"
        check = partial(check_files, target, FILES, size)

        def contender(name: str, command: Sequence[str], is_complete: bool = True) -> Contender:
            note = check if is_complete else partial(_count_left, target, size)
            return Contender(name, command, FILES, total, cwd=target, reset=lambda: _made(reset), check=note)

        yield (
            *(_mhsync(workspace, url, folder, FILES, size, name, transfers=n) for name, n in MHSYNC_TRANSFERS),
            contender("curl --parallel", ["sh", "-c", curl]),
            contender("curl + sha256sum + sync", ["sh", "-c", hashed]),
            contender("sdk", _sdk(workspace, url, folder), is_complete=False),
        )


MHSYNC_TRANSFERS = (("mhsync", 8), ("mhsync --transfers 16", 16), ("mhsync --transfers 32", 32))


@contextmanager
def _one_large_file(workspace: Workspace) -> Iterator[Sequence[Contender]]:
    folder, size = empty_folder(workspace.folder / "apply-large"), workspace.scaled(512, 256) * MIB
    with _server(folder, size) as url:
        write_ids(folder / "ids", 1)
        target = folder / "target"
        link = f"{url}/files/one/output.wav"
        curl = f"{require('curl', 'curl')} --silent --show-error --output output.wav {link}"
        hashed = f"{curl} && sha256sum output.wav > sums && sync output.wav"

        def contender(name: str, command: Sequence[str]) -> Contender:
            check = partial(check_files, target, 1, size)
            reset = partial(_made, partial(empty_folder, target))
            return Contender(name, command, 1, size, cwd=target, reset=reset, check=check)

        yield (
            _mhsync(workspace, url, folder, 1, size, "mhsync"),
            contender("curl", ["sh", "-c", curl]),
            contender("curl + sha256sum + sync", ["sh", "-c", hashed]),
            contender("sdk", _sdk(workspace, url, folder)),
        )


@contextmanager
def _many_small_files(workspace: Workspace) -> Iterator[Sequence[Contender]]:
    folder, count = empty_folder(workspace.folder / "apply-small"), workspace.scaled(10_000, 3_000)
    with _server(folder, SMALL_FILE) as url:
        yield (_mhsync(workspace, url, folder, count, SMALL_FILE, "mhsync"),)


@contextmanager
def _server(folder: Path, size: int) -> Iterator[str]:
    files = empty_folder(folder / "files")
    write_wav(files / "output.wav", size)
    with nginx(folder, files) as url:
        yield url


def _mhsync(
    workspace: Workspace, url: str, folder: Path, count: int, size: int, name: str, transfers: int = 8
) -> Contender:
    manifest = write_manifest(folder / "mhsync.yaml", count)
    storage = folder / "outputs"
    command = [
        workspace.mhsync,
        "apply",
        "--quiet",
        "--api-url",
        url,
        "--transfers",
        str(transfers),
        str(manifest),
    ]
    return Contender(
        name,
        command,
        count,
        count * size,
        reset=partial(_made, partial(empty_folder, storage)),
        check=partial(check_files, storage, count, size),
    )


def _sdk(workspace: Workspace, url: str, folder: Path) -> list[str]:
    return [workspace.python, contender_script("sdk_download"), url, str(folder / "ids"), "."]


def _made(action: partial[Path]) -> None:
    action()


def _write_curl_config(file: Path, url: str, count: int) -> None:
    with file.open("w") as out:
        for id in project_ids(count):
            out.write(f'url = "{url}/files/{id}/output.wav"\noutput = "{id}.wav"\n')


def check_files(folder: Path, count: int, size: int) -> str:
    """Raise an error unless the folder holds this number of files of this size."""
    if (found := count_files(folder, size)) != count:
        raise RuntimeError(f"{folder} holds {found} of {count} files")
    return ""


def _count_left(folder: Path, size: int) -> str:
    return f"left {count_files(folder, size)} of {FILES} files"


ROWS = (
    Row("apply-files", f"apply, {FILES} files of 1 MiB", _files),
    Row("apply-large", "apply, one large file", _one_large_file),
    Row("apply-small", "first apply of many files of 2 KiB", _many_small_files),
)
