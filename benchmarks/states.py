"""Storages in which every project is settled, kept in the workspace from one run of the suite to the next.

Up to `APPLIED` projects are stored by a real `mhsync apply`. A larger state would take minutes: its receipts and
outputs are those of one project that was applied, written again under each id. A last `apply` completes it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from benchmarks.measure import ProcessFailed
from benchmarks.servers.nginx import nginx
from benchmarks.servers.processes import free_port
from benchmarks.workspace import Workspace, empty_folder, project_ids, write_manifest, write_wav

APPLIED = 20_000
_MARK = "complete"


@dataclass(frozen=True, slots=True)
class State:
    """`manifest` lists `count` projects that are stored in `storage`, by the API at `url`."""

    folder: Path
    count: int
    url: str

    @property
    def manifest(self) -> Path:
        return self.folder / "mhsync.yaml"

    @property
    def storage(self) -> Path:
        return self.folder / "outputs"


@contextmanager
def settled(workspace: Workspace, count: int, size: int) -> Iterator[State]:
    """A state of `count` projects with one output of `size` bytes each; its server runs in the block.

    A receipt names the API that it was made against, so the port of the server is kept with the state.

    Raises:
        ProcessFailed: mhsync could not make it.
    """
    folder = workspace.subfolder(f"states/{count}x{size}")
    marker = folder / _MARK
    port = int((folder / "port").read_text()) if marker.exists() else free_port()
    files = workspace.subfolder(f"bodies/{size}")
    if not (files / "output.wav").exists():
        write_wav(files / "output.wav", size)
    with nginx(workspace.subfolder("nginx"), files, port=port) as url:
        state = State(folder, count, url)
        if not marker.exists():
            empty_folder(folder)
            (folder / "port").write_text(str(port))
            if count > APPLIED:
                _write_copies(workspace, state)
        if not marker.exists() or marker.read_text() != _version():
            write_manifest(state.manifest, count)
            _apply(workspace, state, state.manifest)
            marker.write_text(_version())
        yield state


def _version() -> str:
    """Which mhsync completed a state: the hashes of its files. Another version may write more than receipts."""
    # Only of this environment: the current folder may hold the metadata of an editable install.
    installed = distributions(name="mhsync", path=[sysconfig.get_path("purelib")])
    return "".join(each.read_text("RECORD") or "" for each in installed)


def _write_copies(workspace: Workspace, state: State) -> None:
    """Store one project with `apply`, then copy its files and its receipt to all other ids."""
    first, *_ = ids = list(project_ids(state.count))
    _apply(workspace, state, write_manifest(state.folder / "one.yaml", 1))
    for found in list(state.storage.rglob(f"*{first}*")):
        sources = [found] if found.is_file() else sorted(path for path in found.rglob("*") if path.is_file())
        for source in sources:
            _copy_to_all(source, first, ids[1:])


def _copy_to_all(source: Path, first: str, ids: Sequence[str]) -> None:
    content = source.read_bytes()
    is_receipt = source.suffix == ".json"
    for id in ids:
        target = Path(str(source).replace(first, id))
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(re.sub(first.encode(), id.encode(), content) if is_receipt else content)


def _apply(workspace: Workspace, state: State, manifest: Path) -> None:
    command = [workspace.mhsync, "apply", "--quiet", "--api-url", state.url, str(manifest)]
    done = subprocess.run(command, env=workspace.env, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(state.folder)
        raise ProcessFailed(f"mhsync apply could not prepare {state.count} projects: {done.stderr[-2000:]}")
