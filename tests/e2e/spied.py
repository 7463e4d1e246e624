"""What a spy saw of a command."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tests.cli.cli_runner import CliRunner, Done


@dataclass(frozen=True)
class Spied:
    cli_runner: CliRunner
    site: Path
    """Where plugins are laid down."""
    kept: Path
    """The folder behind the spy's storage."""
    log: Path

    def manifest(self, *, storage: str | None = None, notify: str = "${TARGET}") -> str:
        """A manifest with one project of each state; its name."""
        place = storage or f"spy://{self.kept}"
        return self.cli_runner.write(
            f'storage: "{place}"\n'
            f'notify: [{{url: "{notify}"}}]\n'
            "policy: {deletes: allow, durable_storage: true}\n"
            "projects: [{id: one}, {id: two, state: archived}, {id: three, state: deleted}]"
        )

    def run(self, *args: str, **environ: str | None) -> Done:
        """Run a command in a process of its own; what the spy saw before is forgotten."""
        self.log.unlink(missing_ok=True)
        return self.cli_runner.process(*args, environ=environ)

    @property
    def seen(self) -> list[tuple[str, str]]:
        """What was asked of the spy, and on which thread, in the order in which it was."""
        if not self.log.exists():
            return []
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [(what, thread) for what, _, thread in (line.partition(" ") for line in lines)]

    @property
    def asked(self) -> set[str]:
        return {what for what, _ in self.seen}


def snapshot(*folders: Path) -> dict[str, tuple[int, str]]:
    """Every file and folder below these, with its time of change and its bytes."""
    return {
        str(path): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for folder in folders
        for path in (folder, *folder.rglob("*"))
        if path.exists()
    }
