"""Files in S3: `apply` and `verify`, and `rclone copy` in the same directions."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.measure import MIB
from benchmarks.row import Contender, Row
from benchmarks.rows.transfers import check_files
from benchmarks.servers.ceph import BUCKET, S3, ceph
from benchmarks.servers.nginx import nginx
from benchmarks.workspace import Workspace, empty_folder, project_ids, write_manifest, write_wav

_FILES = 64
_SIZE = 4 * MIB
_PARALLEL = ("--transfers", "8", "--checkers", "16")
"""The default numbers of mhsync."""


@contextmanager
def _apply(workspace: Workspace) -> Iterator[Sequence[Contender]]:
    folder = empty_folder(workspace.folder / "s3-apply")
    files = empty_folder(folder / "files")
    body = write_wav(files / "output.wav", _SIZE)
    source = _write_source(folder / "source", body)
    with nginx(folder, files) as url, _bucket(workspace, folder) as server:
        manifest = write_manifest(folder / "mhsync.yaml", _FILES, server.manifest_head)
        apply = [workspace.mhsync, "apply", "--quiet", "--api-url", url, str(manifest)]
        copy = [server.rclone, "copy", *_PARALLEL, str(source), f"bench:{BUCKET}/plain"]
        yield (
            _contender(workspace, server, "mhsync", apply, partial(_purge, workspace, server, "storage")),
            _contender(workspace, server, "rclone copy", copy, partial(_purge, workspace, server, "plain")),
        )


@contextmanager
def _verify(workspace: Workspace) -> Iterator[Sequence[Contender]]:
    folder = empty_folder(workspace.folder / "s3-verify")
    files, target = empty_folder(folder / "files"), folder / "target"
    write_wav(files / "output.wav", _SIZE)
    with nginx(folder, files) as url, _bucket(workspace, folder) as server:
        manifest = write_manifest(folder / "mhsync.yaml", _FILES, server.manifest_head)
        apply = [workspace.mhsync, "apply", "--quiet", "--api-url", url, str(manifest)]
        subprocess.run(apply, check=True, env={**workspace.env, **server.env}, stdout=subprocess.DEVNULL)
        verify = [workspace.mhsync, "verify", "--quiet", str(manifest)]
        include = ["--include", "*/output.wav"]
        copy = [server.rclone, "copy", *_PARALLEL, *include, f"bench:{BUCKET}/storage", str(target)]
        yield (
            Contender("mhsync", verify, _FILES, _FILES * _SIZE, env=server.env),
            Contender(
                "rclone copy",
                copy,
                _FILES,
                _FILES * _SIZE,
                env=server.env,
                reset=partial(_reset, target),
                check=partial(check_files, target, _FILES, _SIZE),
            ),
        )


@contextmanager
def _bucket(workspace: Workspace, folder: Path) -> Iterator[S3]:
    with ceph(folder / "ceph") as server:
        _rclone(workspace, server, "mkdir", f"bench:{BUCKET}")
        yield server


def _contender(
    workspace: Workspace, server: S3, name: str, command: Sequence[str], reset: partial[None]
) -> Contender:
    target = "storage" if name == "mhsync" else "plain"
    check = partial(_check, workspace, server, target)
    return Contender(name, command, _FILES, _FILES * _SIZE, env=server.env, reset=reset, check=check)


def _check(workspace: Workspace, server: S3, prefix: str) -> str:
    listed = _rclone(workspace, server, "lsf", "-R", "--include", "*/output.wav", f"bench:{BUCKET}/{prefix}")
    if (found := listed.count("/output.wav")) != _FILES:
        raise RuntimeError(f"{prefix} holds {found} of {_FILES} files")
    return ""


def _purge(workspace: Workspace, server: S3, prefix: str) -> None:
    _rclone(workspace, server, "delete", f"bench:{BUCKET}/{prefix}", codes=(0, 3))  # 3: there is no such folder


def _rclone(workspace: Workspace, server: S3, *arguments: str, codes: Sequence[int] = (0,)) -> str:
    env = {**workspace.env, **server.env}
    done = subprocess.run([server.rclone, *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode not in codes:
        raise RuntimeError(f"rclone {arguments[0]}: {done.stderr[-1000:]}")
    return done.stdout


def _write_source(folder: Path, body: Path) -> Path:
    for id in project_ids(_FILES):
        (folder / id).mkdir(parents=True)
        os.link(body, folder / id / "output.wav")
    return folder


def _reset(folder: Path) -> None:
    empty_folder(folder)


_TITLE = f"S3, {_FILES} files of {_SIZE // MIB} MiB"
ROWS = (Row("s3-apply", f"apply to {_TITLE}", _apply), Row("s3-verify", f"verify on {_TITLE}", _verify))
