"""Run commands in an empty folder, with a separate environment and a sandbox as the account."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from mhsync.cli.main import run
from mhsync.sandbox.account import Account, SandboxProject, outputs_of
from mhsync.sandbox.server import Sandbox

TIMEOUT = 60.0


@dataclass(frozen=True)
class Done:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Stdout, parsed as one JSON document."""
        return json.loads(self.out)


@dataclass(frozen=True)
class CliRunner:
    folder: Path
    sandbox: Sandbox
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        home = self.folder.parent / "home"
        home.mkdir(exist_ok=True)
        self.environ.update(
            {
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "LC_ALL": "C.UTF-8",
                "MHSYNC_API_URL": self.sandbox.api_url,
                "MAGIC_HOUR_API_KEY": self.sandbox.key,
                "MHSYNC_PLUGINS": "",
            }
        )

    def write(self, text: str, name: str = "m.yaml") -> str:
        """Write a manifest with the lines `text` after its version, and return its name."""
        (self.folder / name).write_text(f"version: 1\n{text}\n", encoding="utf-8")
        return name

    def manifest(self, *projects: str, policy: str = "", name: str = "m.yaml") -> str:
        """Write a manifest of these projects, each as `id` or `id: state`, and return its name."""
        lines = [f"policy: {{{policy}}}"] if policy else []
        lines += ["projects:"] if projects else ["projects: []"]
        for project in projects:
            id_, _, state = project.partition(": ")
            lines.append(f"  - {{id: {id_}, state: {state or 'downloaded'}}}")
        return self.write("\n".join(lines), name)

    def run(self, *args: str, **environ: str | None) -> Done:
        """Run a command in this process, without a terminal."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self._environ(environ), clear=True),
            mock.patch.object(sys, "stdin", io.StringIO()),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run(args)
        return Done(code, out.getvalue(), err.getvalue())

    def start(self, *args: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command as a separate process."""
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "-m", "mhsync", *args],
            cwd=self.folder,
            env=self._environ(options.pop("environ", {})),
            text=True,
            **{**streams, **options},
        )

    def process(self, *args: str, **options: Any) -> Done:
        """Run a command as a separate process and wait for its end."""
        with self.start(*args, **options) as process:
            out, err = process.communicate(timeout=TIMEOUT)
        return Done(process.returncode, out or "", err or "")

    def _environ(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        merged: dict[str, str | None] = {**self.environ, **changes}
        return {name: value for name, value in merged.items() if value is not None}


def complete(id: str, **fields: Any) -> SandboxProject:
    return SandboxProject(id, outputs=outputs_of(id, size=4096), **fields)


def account() -> Account:
    """An account with one project of each kind; none changes by itself."""
    return Account(
        [
            complete("done", name="Morning jingle"),
            SandboxProject("takes", name="Three takes", outputs=outputs_of("takes", 3, size=3000)),
            SandboxProject("queued", status="queued"),
            SandboxProject("rendering", status="rendering", outputs=outputs_of("rendering", size=2048)),
            SandboxProject("draft", status="draft"),
            SandboxProject("canceled", status="canceled"),
            SandboxProject("error", status="error", error=_speechless()),
            SandboxProject("new-status", status="complete", outputs=outputs_of("new-status", size=1000)),
            SandboxProject("gone", is_deleted=True),
        ]
    )


def _speechless() -> Any:
    from mhsync.core.project import ProjectError

    return ProjectError("no_speech_found", "There is no speech in the source file.")


def deleted(cli_runner):
    return sorted(entry.id for entry in cli_runner.sandbox.requests.of(method="DELETE"))
