"""One large file on an SFTP server: `apply` and `verify`, and OpenSSH's own client."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.measure import MIB
from benchmarks.row import Contender, Row
from benchmarks.rows.transfers import check_files
from benchmarks.servers.nginx import nginx
from benchmarks.servers.sshd import sshd
from benchmarks.workspace import Workspace, empty_folder, write_manifest, write_wav


@contextmanager
def _upload(workspace: Workspace) -> Iterator[Sequence[Contender]]:
    folder, size = empty_folder(workspace.folder / "sftp-apply"), 512 * MIB
    files = empty_folder(folder / "files")
    body = write_wav(files / "output.wav", size)
    with nginx(folder, files) as url, sshd(folder / "ssh") as server:
        manifest = write_manifest(folder / "mhsync.yaml", 1, server.manifest_head)
        apply = [workspace.mhsync, "apply", "--quiet", "--api-url", url, str(manifest)]
        put = f"echo 'put {body} {server.files}/plain/output.wav' | {server.client}"
        yield (
            _contender("mhsync", apply, server.files / "storage", size),
            _contender("sftp put", ["sh", "-c", put], server.files / "plain", size),
        )


def _contender(name: str, command: Sequence[str], target: Path, size: int) -> Contender:
    check = partial(check_files, target, 1, size)
    return Contender(name, command, 1, size, reset=partial(_reset, target), check=check)


@contextmanager
def _read_back(workspace: Workspace) -> Iterator[Sequence[Contender]]:
    folder, size = empty_folder(workspace.folder / "sftp-verify"), 512 * MIB
    files = empty_folder(folder / "files")
    write_wav(files / "output.wav", size)
    with nginx(folder, files) as url, sshd(folder / "ssh") as server:
        manifest = write_manifest(folder / "mhsync.yaml", 1, server.manifest_head)
        apply = [workspace.mhsync, "apply", "--quiet", "--api-url", url, str(manifest)]
        subprocess.run(apply, check=True, env=workspace.env, cwd=folder, stdout=subprocess.DEVNULL)
        (stored,) = (server.files / "storage").glob("*/output.wav")
        get = f"echo 'get {stored} {folder}/copy' | {server.client}"
        yield (
            Contender("mhsync", [workspace.mhsync, "verify", "--quiet", str(manifest)], 1, size),
            Contender("sftp get", ["sh", "-c", get], 1, size),
        )


def _reset(folder: Path) -> None:
    empty_folder(folder)


ROWS = (
    Row("sftp-apply", "apply to SFTP, one large file", _upload),
    Row("sftp-verify", "verify on SFTP, one large file", _read_back),
)
